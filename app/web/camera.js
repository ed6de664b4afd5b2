// Cameras that are known for this photo, each with its residual against the raw points; one of them is used.
const panel = element.querySelector(".camera"), rows = panel.querySelector(".rows"), box = panel.querySelector("input"), unit = panel.querySelector("select"), use = panel.querySelector(".typed button");
const send = () => trigger("act", { kind: "typed", value: box.value, unit: unit.value });
use.addEventListener("click", send);
box.addEventListener("keydown", (event) => { if (event.key === "Enter" && box.value) send(); });
box.addEventListener("input", () => { use.disabled = !box.value || !(props.value || {}).free; });
function row(one, free) {
  const item = document.createElement("div"), button = document.createElement("button");
  item.className = "row-of" + (one.used ? " used" : "");
  item.append(...[one.name, one.focal, one.residual].map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  button.textContent = one.used ? "In use" : "Use";
  button.disabled = one.used || !free;
  button.addEventListener("click", () => trigger("act", { kind: one.kind }));
  item.append(button);
  return item;
}
function update() {
  const state = { rows: [], ...(props.value || {}) };
  panel.hidden = !state.rows.length;
  rows.replaceChildren(...state.rows.map((one) => row(one, state.free)));
  box.disabled = unit.disabled = !state.free;
  use.disabled = !state.free || !box.value;
  panel.querySelector(".hint").textContent = (state.exif ? "" : "The file says no focal length. ") + "Residual: how far the raw points miss their pixels, on the grid of " + state.grid + ".";
}
watch("value", update);
update();
