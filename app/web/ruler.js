// The ruler's panel over the 3D view: its length, its ends as numbers, and what it really measures.
const panel = element.querySelector(".ruler"), really = panel.querySelector(".really");
const numbers = [...panel.querySelectorAll(".ends input")];
const act = (kind, more) => trigger("act", { kind, ...more });
panel.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const kind = button.dataset.kind;
  if (kind === "open") act(kind, { value: false });
  else if (kind === "really") act(kind, { value: really.value === "" ? null : Number(really.value) });
  else act(kind);
});
really.addEventListener("keydown", (event) => { if (event.key === "Enter") panel.querySelector("[data-kind=really]").click(); });
for (const box of numbers) {
  box.addEventListener("keydown", (event) => { if (event.key === "Enter") box.blur(); });
  box.addEventListener("change", () => {
    if (numbers.some((one) => one.value === "")) return;
    const values = numbers.map((one) => Number(one.value));
    act("ends", { ends: [values.slice(0, 3), values.slice(3)] });
  });
}
function update() {
  const state = { ends: [], length: "", ...(props.value || {}) };
  panel.hidden = !state.open;
  if (panel.hidden) return;
  panel.querySelector(".length").textContent = state.length;
  panel.querySelector(".hint").textContent = state.ends.length === 2
    ? (state.from ? "Metres rest on this: " + state.from + "." : "The scene has no metres yet: say what this length really is.")
    : state.ends.length ? "Click the other end in the view." : "Click two points in the view, or type them.";
  panel.querySelector(".ends > span").textContent = state.unit || "";
  numbers.forEach((box, index) => {
    const end = state.ends[Math.floor(index / 3)];
    if (document.activeElement !== box) box.value = end ? end[index % 3] : "";
  });
  really.disabled = panel.querySelector("[data-kind=really]").disabled = state.ends.length !== 2;
  panel.querySelector("[data-kind=clear]").disabled = !state.ends.length;
  if (state.ends.length !== 2) really.value = "";
}
watch("value", update);
update();
