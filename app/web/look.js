// The View panel: budget, size, colours, ground, camera, axes, edge flyers. The ground is that of the page as well.
const opener = element.querySelector(".opener"), panel = element.querySelector(".pop");
const size = panel.querySelector(".size"), strength = panel.querySelector(".strength"), told = panel.querySelector(".told");
const act = (kind, value) => trigger("act", { kind, value });
let state = {}, recalled = false, waiting = 0;
function show(on) {
  panel.classList.toggle("show", on);
  opener.setAttribute("aria-expanded", on);
}
opener.addEventListener("click", () => show(!panel.classList.contains("show")));
element.addEventListener("keydown", (event) => { if (event.key === "Escape" && panel.classList.contains("show")) { show(false); opener.focus(); event.stopPropagation(); } });
document.addEventListener("pointerdown", (event) => { if (!element.contains(event.target)) show(false); });
panel.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const kind = button.dataset.kind, value = button.dataset.value;
  if (kind === "budget") act(kind, Number(value));
  else if (kind === "map") act(kind, value);
  else if (kind === "light") { window.studioGround.choose(value); act(kind, !!value); }
  else if (kind === "frustum" || kind === "axes") act(kind, !state[kind]);
  else if (kind === "mark") act("flyers", state.marked === null ? Number(strength.value) : null);
  else act(kind);
});
size.addEventListener("input", () => { size.nextElementSibling.textContent = "× " + Number(size.value).toFixed(1); });
size.addEventListener("change", () => act("size", Number(size.value)));
strength.addEventListener("input", () => { // moving the slider shows what it would take
  strength.nextElementSibling.textContent = strength.value;
  clearTimeout(waiting);
  waiting = setTimeout(() => { waiting = 0; act("flyers", Number(strength.value)); }, 180);
});
function update() {
  state = { budgets: [], marked: null, ...(props.value || {}) };
  const budgets = panel.querySelector(".budgets");
  budgets.replaceChildren(...state.budgets.map((one) => {
    const made = document.createElement("button");
    made.textContent = one.label;
    made.dataset.kind = "budget";
    made.dataset.value = one.value;
    made.setAttribute("aria-pressed", one.on);
    return made;
  }));
  for (const button of panel.querySelectorAll("[data-kind=map]")) button.setAttribute("aria-pressed", state.map === button.dataset.value);
  for (const button of panel.querySelectorAll("[data-kind=light]")) button.setAttribute("aria-pressed", !!state.light === !!button.dataset.value);
  for (const kind of ["frustum", "axes"]) panel.querySelector("[data-kind=" + kind + "]").setAttribute("aria-pressed", !!state[kind]);
  if (document.activeElement !== size) size.value = state.size || 1;
  size.nextElementSibling.textContent = "× " + Number(size.value).toFixed(1);
  if (!waiting && document.activeElement !== strength) strength.value = state.strength;
  strength.nextElementSibling.textContent = strength.value;
  const mark = panel.querySelector("[data-kind=mark]"), drop = panel.querySelector("[data-kind=drop_flyers]");
  mark.setAttribute("aria-pressed", state.marked !== null);
  mark.disabled = strength.disabled = !state.there;
  drop.disabled = !state.free || !state.marked;
  told.textContent = state.marked === null ? "Mark them first; nothing is taken until you remove them."
    : state.marked.toLocaleString("en") + (state.marked === 1 ? " point is" : " points are") + " marked in pink.";
  if (!recalled && props.value && "light" in props.value) {
    recalled = true;
    const wanted = window.studioGround.wanted();
    if (wanted !== null && !!wanted !== !!state.light) act("light", !!wanted);
  }
}
watch("value", update);
update();
