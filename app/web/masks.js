// The buttons that change the selection as a whole, and the amount that three of them share.
const amount = element.querySelector("input");
amount.addEventListener("change", () => { amount.value = Math.max(1, Math.min(100, Math.round(Number(amount.value)) || 3)); });
amount.addEventListener("keydown", (event) => { if (event.key === "Enter") amount.blur(); }); // the letters are shortcuts again
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) trigger("act", { kind: button.dataset.kind, amount: Number(amount.value) });
});
function update() {
  const state = props.value || {};
  for (const button of element.querySelectorAll("button")) button.disabled = !(button.id === "invert" ? state.free : state.selected);
  amount.disabled = !state.selected;
}
watch("value", update);
update();
