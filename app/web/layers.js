// Layer pills: a click shows or hides one layer, Alt-click or double-click shows it alone, and again shows all.
const pills = element.querySelector(".layers");
function update() {
  const state = props.value || {};
  pills.textContent = "";
  (state.layers || []).forEach((layer) => {
    const pill = document.createElement("button");
    pill.textContent = layer.number;
    pill.className = layer.shown ? "on" : "";
    pill.disabled = !layer.points;
    pill.dataset.layer = layer.number;
    pill.setAttribute("aria-pressed", layer.shown);
    const what = layer.number === 0 ? "what the camera sees" : "surface " + layer.number + " behind it";
    pill.title = "Layer " + layer.number + ", " + what + ": " + layer.points.toLocaleString("en") + " points. Alt-click or double-click shows it alone";
    pill.style.setProperty("--layer", layer.colour);
    pill.addEventListener("click", (event) => trigger("toggle", { layer: layer.number, solo: event.altKey || event.detail === 2 }));
    pills.append(pill);
  });
}
watch("value", update);
update();
