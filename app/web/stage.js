// The photo pane: shows the photo with its overlay and turns gestures into photo pixels. State comes from Python.
const $ = (query) => element.querySelector(query);
const canvas = $("canvas"), board = $(".board"), drop = $(".drop"), read = $(".read");
const paint = canvas.getContext("2d"), range = $(".size input"), sizeOut = $(".size output");
const pictures = {};
let state = { empty: true }, tool = "pick", servedTool = "", split = 0.5, hold = false;
let view = { scale: 1, x: 0, y: 0 }, fitted = true, pointer = null, drag = null, corner = null, pulse = null;

const root = () => ((window.gradio_config && window.gradio_config.root) || "").replace(/\/$/, "");
const touch = () => requestAnimationFrame(draw);

function fetchPicture(name, version) {
  const known = pictures[name];
  const key = state.token + "/" + version;
  if (known && known.key === key) return;
  const image = new Image();
  const entry = { key, image: known ? known.image : null, next: image };
  pictures[name] = entry;
  image.onload = () => { if (pictures[name] === entry) { entry.image = image; touch(); } };
  image.src = root() + "/studio/" + state.token + "/picture/" + name + "?v=" + version;
}

function fit() {
  if (state.empty) return;
  const box = board.getBoundingClientRect();
  const scale = Math.min((box.width - 32) / state.width, (box.height - 32) / state.height);
  view = { scale, x: (box.width - state.width * scale) / 2, y: (box.height - state.height * scale) / 2 };
  fitted = true;
  touch();
}

function size() {
  const box = board.getBoundingClientRect(), ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(box.width * ratio));
  canvas.height = Math.max(1, Math.round(box.height * ratio));
  if (fitted) fit(); else touch();
}

function photoAt(event) {
  const box = canvas.getBoundingClientRect();
  return [(event.clientX - box.left - view.x) / view.scale, (event.clientY - box.top - view.y) / view.scale];
}
const inside = ([x, y]) => x >= 0 && y >= 0 && x < state.width && y < state.height;
const screen = ([x, y]) => [x * view.scale + view.x, y * view.scale + view.y];

function setTool(name) {
  tool = name;
  corner = null;
  for (const button of element.querySelectorAll("[data-tool]")) button.classList.toggle("on", button.dataset.tool === name);
  $(".size").classList.toggle("show", name === "brush" || name === "eraser");
  canvas.dataset.tool = name;
  touch();
}

function dot([x, y], fill) {
  paint.beginPath();
  paint.arc(x, y, 6, 0, 7);
  paint.fillStyle = fill;
  paint.fill();
  paint.lineWidth = 2;
  paint.strokeStyle = "#fff";
  paint.stroke();
}

function draw() {
  const ratio = window.devicePixelRatio || 1, width = canvas.width / ratio, height = canvas.height / ratio;
  paint.setTransform(ratio, 0, 0, ratio, 0, 0);
  paint.clearRect(0, 0, width, height);
  if (state.empty) return;
  const place = [view.x, view.y, state.width * view.scale, state.height * view.scale];
  paint.imageSmoothingEnabled = view.scale < 4;
  const photo = pictures.photo && pictures.photo.image, before = pictures.before && pictures.before.image;
  const overlay = pictures.overlay && pictures.overlay.image;
  const comparing = state.compare && (tool === "compare" || hold);
  if (photo) paint.drawImage(photo, ...place);
  if (comparing && before) {
    if (overlay && state.locked && !hold) paint.drawImage(overlay, ...place);
    const cut = hold ? place[0] + place[2] : place[0] + place[2] * split;
    paint.save();
    paint.beginPath();
    paint.rect(place[0], place[1], cut - place[0], place[3]);
    paint.clip();
    paint.drawImage(before, ...place);
    paint.restore();
    if (!hold) {
      paint.fillStyle = "#fff";
      paint.fillRect(cut - 1, place[1], 2, place[3]);
      paint.beginPath();
      paint.arc(cut, place[1] + place[3] / 2, 13, 0, 7);
      paint.fill();
      paint.fillStyle = "#15181f";
      paint.font = "600 13px sans-serif";
      paint.textAlign = "center";
      paint.fillText("‹ ›", cut, place[1] + place[3] / 2 + 4.5);
      label("Before", place[0] + 10, place[1] + 10, "left");
      label("After", place[0] + place[2] - 10, place[1] + 10, "right");
    }
  } else if (overlay) paint.drawImage(overlay, ...place);
  if (state.box) rectangle(state.box);
  for (const [x, y, positive] of state.points || []) dot(screen([x, y]), positive ? "#7c5cff" : "#ff5c6c");
  if (state.pin) marker(screen(state.pin));
  if (corner && pointer) rectangle([...corner, ...photoAt(pointer)]);
  if (drag && drag.path) trail(drag.path, drag.erase);
  if (pointer && (tool === "brush" || tool === "eraser") && !state.locked) ring();
  if (pulse) beat();
}

function label(text, x, y, side) {
  paint.font = "600 12px sans-serif";
  paint.textAlign = "left";
  const wide = paint.measureText(text).width + 16;
  const left = side === "left" ? x : x - wide;
  paint.fillStyle = "rgba(13,15,19,.72)";
  paint.beginPath();
  paint.roundRect(left, y, wide, 24, 6);
  paint.fill();
  paint.fillStyle = "#fff";
  paint.fillText(text, left + 8, y + 16.5);
}

function rectangle([left, top, right, bottom]) {
  const [x0, y0] = screen([left, top]), [x1, y1] = screen([right, bottom]);
  paint.setLineDash([6, 4]);
  paint.lineWidth = 1.5;
  paint.strokeStyle = "#fff";
  paint.strokeRect(x0, y0, x1 - x0, y1 - y0);
  paint.setLineDash([]);
}

function marker([x, y]) {
  paint.beginPath();
  paint.moveTo(x, y);
  paint.bezierCurveTo(x - 4, y - 9, x - 10, y - 13, x - 10, y - 21);
  paint.arc(x, y - 21, 10, Math.PI, 0);
  paint.bezierCurveTo(x + 10, y - 13, x + 4, y - 9, x, y);
  paint.fillStyle = "#ffab40";
  paint.fill();
  paint.lineWidth = 2;
  paint.strokeStyle = "#15181f";
  paint.stroke();
  paint.beginPath();
  paint.arc(x, y - 21, 3.5, 0, 7);
  paint.fillStyle = "#15181f";
  paint.fill();
}

function trail(path, erase) {
  paint.lineCap = paint.lineJoin = "round";
  paint.lineWidth = range.value * view.scale;
  paint.strokeStyle = erase ? "rgba(255,92,108,.45)" : "rgba(124,92,255,.45)";
  paint.beginPath();
  path.forEach((point, index) => paint[index ? "lineTo" : "moveTo"](...screen(point)));
  if (path.length === 1) paint.lineTo(screen(path[0])[0] + 0.1, screen(path[0])[1]);
  paint.stroke();
}

function ring() {
  const box = canvas.getBoundingClientRect();
  paint.beginPath();
  paint.arc(pointer.clientX - box.left, pointer.clientY - box.top, (range.value * view.scale) / 2, 0, 7);
  paint.lineWidth = 1.5;
  paint.strokeStyle = tool === "eraser" ? "#ff5c6c" : "#fff";
  paint.stroke();
}

function beat() {
  const age = (performance.now() - pulse.since) / 900;
  if (age > 40) { pulse = null; return; }
  const [x, y] = screen(pulse.at);
  paint.beginPath();
  paint.arc(x, y, 6 + 14 * (age % 1), 0, 7);
  paint.lineWidth = 2;
  paint.strokeStyle = "rgba(255,255,255," + (1 - (age % 1)).toFixed(2) + ")";
  paint.stroke();
  dot([x, y], "#7c5cff");
  touch();
}

function send(gesture) {
  if (gesture.x !== undefined) pulse = { at: [gesture.x, gesture.y], since: performance.now() };
  trigger("gesture", gesture);
  touch();
}

function act(point, event) {
  if (tool === "place") return send({ kind: "pin", x: point[0], y: point[1] });
  const how = event.shiftKey ? "add" : event.altKey || event.button === 2 ? "subtract" : { add: "add", subtract: "subtract" }[tool] || "new";
  send({ kind: "click", x: point[0], y: point[1], how });
}

canvas.addEventListener("pointerdown", (event) => {
  if (state.empty) return;
  canvas.focus({ preventScroll: true });
  const point = photoAt(event);
  if (event.button === 1 || hold === "pan") drag = { pan: [event.clientX - view.x, event.clientY - view.y] };
  else if (tool === "compare") drag = { split: true };
  else if (state.locked) return;
  else if (tool === "brush" || tool === "eraser") drag = { path: [point], erase: tool === "eraser" };
  else if (tool === "box") {
    if (corner) { const start = corner; corner = null; send({ kind: "box", box: [...start, ...point] }); }
    else { corner = point; drag = { from: [event.clientX, event.clientY] }; }
  } else if (inside(point)) act(point, event);
  if (drag) canvas.setPointerCapture(event.pointerId);
  move(event);
});

function move(event) {
  pointer = event;
  const point = photoAt(event);
  if (drag && drag.pan) { view.x = event.clientX - drag.pan[0]; view.y = event.clientY - drag.pan[1]; fitted = false; }
  if (drag && drag.split) split = Math.min(1, Math.max(0, point[0] / state.width));
  if (drag && drag.path) drag.path.push(point);
  read.textContent = state.empty || !inside(point) ? "" : Math.floor(point[0]) + ", " + Math.floor(point[1]);
  touch();
}
canvas.addEventListener("pointermove", move);
canvas.addEventListener("pointerleave", () => { pointer = null; read.textContent = ""; touch(); });
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
canvas.addEventListener("pointerup", (event) => {
  const ended = drag;
  drag = null;
  if (!ended) return;
  if (ended.path) send({ kind: "stroke", path: ended.path, size: Number(range.value), erase: ended.erase });
  if (ended.from && corner && Math.hypot(event.clientX - ended.from[0], event.clientY - ended.from[1]) > 6) {
    const start = corner;
    corner = null;
    send({ kind: "box", box: [...start, ...photoAt(event)] });
  }
  touch();
});
canvas.addEventListener("wheel", (event) => {
  if (state.empty) return;
  event.preventDefault();
  const box = canvas.getBoundingClientRect(), [x, y] = [event.clientX - box.left, event.clientY - box.top];
  const factor = Math.min(Math.max(Math.exp(-event.deltaY / 400), 0.5), 2);
  const scale = Math.min(Math.max(view.scale * factor, 0.05), 40), ratio = scale / view.scale;
  view = { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio };
  fitted = false;
  touch();
}, { passive: false });
canvas.addEventListener("dblclick", () => { if (tool === "compare") fit(); });

element.querySelector(".toolbar").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.tool) setTool(button.dataset.tool);
  if (button.dataset.act === "fit") fit();
});
const setSize = (value) => { range.value = value; sizeOut.textContent = range.value; touch(); };
range.addEventListener("input", () => setSize(range.value));

// Dropped and pasted files go through the page's own upload.
function give(files) {
  const input = document.querySelector("#upload input[type=file]");
  if (!input || !files.length) return;
  const list = new DataTransfer();
  list.items.add(files[0]);
  input.files = list.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}
for (const name of ["dragenter", "dragover"]) board.addEventListener(name, (event) => { event.preventDefault(); board.classList.add("over"); });
for (const name of ["dragleave", "drop"]) board.addEventListener(name, (event) => { event.preventDefault(); board.classList.remove("over"); });
board.addEventListener("drop", (event) => give(event.dataTransfer.files));
drop.addEventListener("click", () => { const input = document.querySelector("#upload input[type=file]"); if (input) input.click(); });
document.addEventListener("paste", (event) => give(event.clipboardData.files));

window.studioStage = {
  tool: (name) => setTool(name),
  resize: (step) => setSize(Math.max(2, Math.min(200, Number(range.value) + step))),
  hold: (on) => { hold = on; touch(); },
  fit,
  escape: () => { corner = null; drag = null; touch(); },
};

function update() {
  const was = state;
  state = props.value || { empty: true };
  pulse = null;
  drop.classList.toggle("show", !!state.empty);
  element.querySelector(".stage").classList.toggle("empty", !!state.empty);
  for (const button of element.querySelectorAll(".select-tools button")) button.disabled = !!(state.empty || state.locked);
  element.querySelector("[data-tool=place]").disabled = !state.scene || !!state.locked;
  element.querySelector("[data-tool=compare]").disabled = !state.compare;
  if (!state.empty) {
    if (was.empty || was.width !== state.width || was.height !== state.height) fitted = true;
    fetchPicture("photo", state.photo);
    fetchPicture("overlay", state.overlay);
    if (state.compare) fetchPicture("before", state.before);
  }
  const served = state.tool + "/" + state.photo + "/" + !!state.locked;
  if (state.tool && served !== servedTool) { servedTool = served; setTool(state.tool); }
  if (fitted) fit(); else touch();
}

new ResizeObserver(size).observe(board);
watch("value", update);
setTool(tool);
update();
