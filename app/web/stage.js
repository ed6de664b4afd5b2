// The photo pane: its state, which comes from Python, its tools and its files. stage_draw.js and stage_gestures.js are of the same script.
const $ = (query) => element.querySelector(query);
const canvas = $("canvas"), board = $(".board"), drop = $(".drop"), read = $(".read");
const paint = canvas.getContext("2d"), range = $(".size input"), sizeOut = $(".size output");
const pictures = {};
let state = { empty: true }, tool = "pick", servedTool = "", split = 0.5, hold = false;
let view = { scale: 1, x: 0, y: 0 }, fitted = true, pointer = null, drag = null, corner = null, pulse = null, cross = null;

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
  escape: () => { corner = null; drag = null; cross = null; touch(); },
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
