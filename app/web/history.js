// The steps so far, newest first; a click goes to any of them. Those that were undone stay until a new step.
const opener = element.querySelector("button"), list = element.querySelector(".pop");
function show(on) {
  list.classList.toggle("show", on);
  opener.setAttribute("aria-expanded", on);
  const here = on && list.querySelector("[aria-current]");
  if (here) { here.focus(); here.scrollIntoView({ block: "nearest" }); }
}
opener.addEventListener("click", () => show(!list.classList.contains("show")));
list.addEventListener("click", (event) => {
  const step = event.target.closest("button");
  if (!step) return;
  if (!step.hasAttribute("aria-current")) trigger("jump", { number: Number(step.dataset.number) });
  show(false);
  opener.focus();
});
element.addEventListener("keydown", (event) => {
  if (!list.classList.contains("show")) return;
  const steps = [...list.children], at = steps.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: steps.length - 1 }[event.key];
  if (event.key === "Escape") { show(false); opener.focus(); }
  else if (to === undefined) return;
  else steps[Math.max(0, Math.min(steps.length - 1, to))].focus();
  event.preventDefault();
  event.stopPropagation();
});
document.addEventListener("pointerdown", (event) => { if (!element.contains(event.target)) show(false); });
window.addEventListener("blur", () => show(false)); // a click into the 3D view
function update() {
  const state = props.value || { steps: [], at: 0 };
  const focused = list.contains(document.activeElement);
  list.textContent = "";
  for (const [number, label] of [...state.steps].reverse()) {
    const step = document.createElement("button");
    step.textContent = label;
    step.dataset.number = number;
    step.title = number > state.at ? label + " (undone; click to bring it back)" : label;
    step.setAttribute("role", "menuitem");
    step.classList.toggle("undone", number > state.at);
    if (number === state.at) step.setAttribute("aria-current", "step");
    list.append(step);
  }
  opener.disabled = state.steps.length < 2;
  if (opener.disabled) show(false);
  else if (focused) show(true);
}
watch("value", update);
update();
