// The pose of the chosen object: numbers, a logarithmic scale slider, snap, reset. Values come from Python.
const panel = element.querySelector(".pose"), slider = panel.querySelector("input[type=range]");
const numbers = [...panel.querySelectorAll("input[type=number]")], snap = panel.querySelector("input[type=checkbox]");
const send = (kind, value) => trigger("act", { kind, value });
function update() {
  const pose = props.value || {};
  panel.hidden = !pose.id;
  if (!pose.id) return;
  panel.querySelector(".title b").textContent = pose.name;
  for (const unit of panel.querySelectorAll(".axes i")) unit.textContent = pose.unit;
  for (const box of numbers) if (!box.dataset.typing) box.value = pose[box.dataset.what];
  slider.value = Math.log2(pose.scale);
  snap.checked = pose.snap;
  panel.querySelector(".reset").disabled = !pose.moved;
}
for (const box of numbers) {
  const what = box.dataset.what;
  box.addEventListener("input", () => { box.dataset.typing = "1"; });
  box.addEventListener("keydown", (event) => { if (event.key === "Escape") { delete box.dataset.typing; update(); box.blur(); } });
  box.addEventListener("blur", () => { if (box.dataset.typing) { delete box.dataset.typing; update(); } });
  box.addEventListener("change", () => { delete box.dataset.typing; send(what, box.value === "" ? null : Number(box.value)); });
}
const scale = () => Number((2 ** Number(slider.value)).toFixed(3));
slider.addEventListener("input", () => { panel.querySelector("[data-what=scale]").value = scale(); });
slider.addEventListener("change", () => send("scale", scale()));
snap.addEventListener("change", () => send("snap", snap.checked));
panel.querySelector(".reset").addEventListener("click", () => send("reset", null));
watch("value", update);
update();
