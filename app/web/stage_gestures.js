// Mouse, fingers and keys over the photo, as photo pixels.
const CLICKS = ["pick", "add", "subtract", "place"];
const fingers = new Map();
let pinch = null, tap = null;

function send(gesture) {
  if (gesture.x !== undefined) pulse = { at: [gesture.x, gesture.y], since: performance.now() };
  trigger("gesture", gesture);
  touch();
}

function act(point, event) {
  if (!inside(point) || state.locked) return;
  if (tool === "place") return send({ kind: "pin", x: point[0], y: point[1] });
  const how = event.shiftKey ? "add" : event.altKey || event.button === 2 ? "subtract" : { add: "add", subtract: "subtract" }[tool] || "new";
  send({ kind: "click", x: point[0], y: point[1], how });
}

function turnCorner(point) {
  if (!corner) { corner = point; return; }
  const start = corner;
  corner = null;
  send({ kind: "box", box: [...start, ...point] });
}

function zoom(factor, x, y) {
  const scale = Math.min(Math.max(view.scale * factor, 0.05), 40), ratio = scale / view.scale;
  view = { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio };
  fitted = false;
  touch();
}

function begin(event) {
  const point = photoAt(event);
  if (event.button === 1) drag = { pan: [event.clientX - view.x, event.clientY - view.y] };
  else if (tool === "compare") drag = { split: true };
  else if (state.locked) return;
  else if (tool === "brush" || tool === "eraser") drag = { path: [point], erase: tool === "eraser" };
  else if (tool === "box") {
    if (!corner) drag = { from: [event.clientX, event.clientY] };
    turnCorner(point);
  } else act(point, event);
}

// A finger clicks when it is lifted, since a second one may follow: two pinch, one that slides moves the photo.
function finger(event) {
  fingers.set(event.pointerId, event);
  if (fingers.size === 2) {
    drag = tap = corner = null;
    pinch = between();
  } else if (fingers.size === 1 && CLICKS.includes(tool)) {
    tap = event;
    drag = { pan: [event.clientX - view.x, event.clientY - view.y] };
  } else if (fingers.size === 1) begin(event);
}

function between() {
  const box = canvas.getBoundingClientRect(), [a, b] = [...fingers.values()];
  const middle = [(a.clientX + b.clientX) / 2 - box.left, (a.clientY + b.clientY) / 2 - box.top];
  return { middle, apart: Math.max(20, Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)) };
}

function pinchOn() {
  const now = between();
  view.x += now.middle[0] - pinch.middle[0];
  view.y += now.middle[1] - pinch.middle[1];
  zoom(now.apart / pinch.apart, ...now.middle);
  pinch = now;
}

canvas.addEventListener("pointerdown", (event) => {
  if (state.empty) return;
  canvas.focus({ preventScroll: true });
  cross = null;
  if (event.pointerType === "touch") finger(event); else begin(event);
  if (drag) canvas.setPointerCapture(event.pointerId);
  move(event);
});

function move(event) {
  if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event);
  if (pinch && fingers.size === 2) return pinchOn();
  if (tap && Math.hypot(event.clientX - tap.clientX, event.clientY - tap.clientY) > 8) tap = null;
  pointer = event;
  const point = photoAt(event);
  if (drag && drag.pan && !tap) { view.x = event.clientX - drag.pan[0]; view.y = event.clientY - drag.pan[1]; fitted = false; }
  if (drag && drag.split) split = Math.min(1, Math.max(0, point[0] / state.width));
  if (drag && drag.path) drag.path.push(point);
  tell(point);
  touch();
}

function tell(point) {
  read.textContent = state.empty || !inside(point) ? "" : Math.floor(point[0]) + ", " + Math.floor(point[1]);
}

function end(event) {
  const ended = drag, tapped = tap;
  fingers.delete(event.pointerId);
  drag = tap = null;
  if (fingers.size < 2) pinch = null;
  if (tapped) act(photoAt(tapped), tapped);
  if (ended && ended.path) send({ kind: "stroke", path: ended.path, size: Number(range.value), erase: ended.erase });
  if (ended && ended.from && corner && Math.hypot(event.clientX - ended.from[0], event.clientY - ended.from[1]) > 6) turnCorner(photoAt(event));
  touch();
}

canvas.addEventListener("pointermove", (event) => {
  if (event.pointerType === "touch" && !fingers.size) return;
  if (event.movementX || event.movementY) cross = null;
  move(event);
});
canvas.addEventListener("pointerup", end);
canvas.addEventListener("pointercancel", (event) => { fingers.delete(event.pointerId); drag = tap = pinch = null; touch(); });
canvas.addEventListener("pointerleave", () => { pointer = null; read.textContent = ""; touch(); });
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
canvas.addEventListener("dblclick", () => { if (tool === "compare") fit(); });
canvas.addEventListener("wheel", (event) => {
  if (state.empty) return;
  event.preventDefault();
  const box = canvas.getBoundingClientRect();
  zoom(Math.min(Math.max(Math.exp(-event.deltaY / 400), 0.5), 2), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });

// Without a mouse: arrows move a crosshair by about four pixels of the screen, Enter clicks where it is.
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey) return;
  if (state.empty) { if (event.key === "Enter") drop.click(); return; }
  const way = ARROWS[event.key];
  if (way && tool === "compare") split = Math.min(1, Math.max(0, split + way[0] * (event.shiftKey ? 0.1 : 0.01)));
  else if (way) steer(way, Math.max(1, Math.round(4 / view.scale)) * (event.shiftKey ? 10 : 1));
  else if (event.key === "Enter" && cross) press(event);
  else if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? 1.25 : 0.8, ...screen(cross || [state.width / 2, state.height / 2]));
  else return;
  event.preventDefault();
  touch();
});

function steer([dx, dy], by) {
  const [x, y] = cross || [state.width / 2, state.height / 2];
  if (cross) cross = [Math.min(state.width - 0.5, Math.max(0.5, x + dx * by)), Math.min(state.height - 0.5, Math.max(0.5, y + dy * by))];
  else cross = [x, y];
  const box = canvas.getBoundingClientRect(), [left, top] = screen(cross);
  pointer = { clientX: box.left + left, clientY: box.top + top }; // the brush's ring and the box follow
  tell(cross);
}

function press(event) {
  if (state.locked) return;
  if (tool === "box") turnCorner(cross);
  else if (tool === "brush" || tool === "eraser") send({ kind: "stroke", path: [cross], size: Number(range.value), erase: tool === "eraser" });
  else if (CLICKS.includes(tool)) act(cross, event);
}

new ResizeObserver(size).observe(board);
watch("value", update);
setTool(tool);
update();
