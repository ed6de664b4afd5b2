// What the photo pane draws: photo, overlay, points, box, pin, brush, crosshair.
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
  if (cross) crosshair(screen(cross));
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

function crosshair([x, y]) {
  for (const [width, colour] of [[4, "rgba(13,15,19,.8)"], [1.6, "#fff"]]) {
    paint.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      paint.moveTo(x + 4 * dx, y + 4 * dy);
      paint.lineTo(x + 18 * dx, y + 18 * dy);
    }
    paint.lineWidth = width;
    paint.strokeStyle = colour;
    paint.stroke();
  }
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
