// Six depth pictures on one scale, as large as the page allows; each can be taken away.
const board = element.querySelector(".depths"), grid = board.querySelector(".grid"), legend = board.querySelector(".legend");
const root = ((window.gradio_config && window.gradio_config.root) || "").replace(/\/$/, "");
let map = null;
function show() {
  board.showModal();
  update();
}
board.addEventListener("close", () => grid.replaceChildren());
function card(layer, state, chosen) {
  const made = document.createElement("figure"), words = document.createElement("figcaption");
  const name = layer.number === 0 ? "Layer 0, seen" : "Layer " + layer.number;
  if (layer.points) {
    const image = document.createElement("img"), link = document.createElement("a");
    const path = root + "/studio/" + state.token + "/picture/depth-" + chosen + "-" + layer.number + "?v=" + state.version;
    image.src = link.href = path;
    image.alt = "Depth of layer " + layer.number;
    link.download = state.stem + "-depth-" + layer.number + "-" + chosen + ".png";
    link.textContent = "Save PNG";
    made.append(image);
    words.append(Object.assign(document.createElement("b"), { textContent: name }), Object.assign(document.createElement("span"), { textContent: layer.points.toLocaleString("en") + " points" }), link);
  } else {
    const empty = Object.assign(document.createElement("div"), { className: "empty", textContent: "No surface in this layer" });
    empty.style.aspectRatio = state.size.join(" / ");
    made.append(empty);
    words.append(Object.assign(document.createElement("b"), { textContent: name }));
  }
  made.append(words);
  return made;
}
function update() {
  const state = { layers: [], ...(props.value || {}) };
  const opener = document.querySelector("#depths_open");
  if (opener) opener.disabled = !state.layers.length;
  if (!board.open) return;
  if (!state.layers.length) return board.close();
  const chosen = map || state.map;
  for (const button of board.querySelectorAll("[data-map]")) button.setAttribute("aria-pressed", button.dataset.map === chosen);
  grid.replaceChildren(...state.layers.map((layer) => card(layer, state, chosen)));
  if (window.studioLegend) window.studioLegend(legend, state.maps[chosen]);
}
board.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (event.target === board || (button && button.classList.contains("close"))) board.close();
  else if (button && button.dataset.map) { map = button.dataset.map; update(); }
});
document.addEventListener("click", (event) => { if (event.target.closest("#depths_open") && !board.open) show(); });
watch("value", update);
update();
