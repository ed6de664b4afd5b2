// Stepping through what was found, the name for the selection, and the list of things that have one.
const found = element.querySelector(".found"), list = element.querySelector(".things"), name = element.querySelector("input");
let count = 0;
for (const button of found.querySelectorAll("button")) {
  button.addEventListener("click", () => trigger("act", { kind: "step", by: Number(button.dataset.by) }));
}
name.addEventListener("keydown", (event) => {
  if (event.key === "Escape") name.blur();
  if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
  trigger("act", { kind: "name", name: name.value });
});
function button(words, title, className, free, act) {
  const made = document.createElement("button");
  made.className = className;
  made.title = title;
  made.textContent = words;
  made.disabled = !free;
  made.addEventListener("click", () => trigger("act", act));
  return made;
}
function chip(words, of, number, free) {
  const item = document.createElement("span");
  item.className = "thing " + of;
  const told = of === "named" ? "named by you" : "added to the scene";
  item.append(button(words, "Select it (" + told + ")", "choose", free, { kind: "choose", of, number }));
  if (of === "named") {
    const forget = button("×", "Forget this name", "forget", free, { kind: "forget", number });
    forget.setAttribute("aria-label", "Forget the name " + words);
    item.append(forget);
  }
  return item;
}
function update() {
  const state = { found: [], named: [], inserted: [], ...(props.value || {}) };
  found.hidden = state.found.length < 2;
  found.querySelector("span").textContent = found.hidden ? "" : (state.at + 1) + " of " + state.found.length + " · " + state.found[state.at];
  for (const made of found.querySelectorAll("button")) made.disabled = !state.free;
  name.disabled = !(state.free && state.selected);
  if (state.named.length > count) { name.value = ""; name.blur(); } // it was kept; the letters are shortcuts again
  count = state.named.length;
  list.replaceChildren(...state.named.map((words, number) => chip(words, "named", number, state.free)), ...state.inserted.map((words, number) => chip(words, "inserted", number, state.free)));
}
watch("value", update);
update();
