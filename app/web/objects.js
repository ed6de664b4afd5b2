// The object list: eye, name (click to rename), delete. Rows come from Python.
const list = element.querySelector(".objects");
function button(kind, title, path, row) {
  const made = document.createElement("button");
  made.title = title;
  made.className = kind;
  made.disabled = row.locked;
  made.innerHTML = '<svg viewBox="0 0 20 20">' + path + "</svg>";
  made.addEventListener("click", () => trigger("act", { kind, id: row.id, visible: !row.visible }));
  return made;
}
const OPEN = '<path d="M1.500 10S4.500 4.500 10 4.500 18.500 10 18.500 10 15.500 15.500 10 15.500 1.500 10 1.500 10z" class="line"/><circle cx="10" cy="10" r="2.600"/>';
const SHUT = '<path d="M1.500 10S4.500 4.500 10 4.500 18.500 10 18.500 10 15.500 15.500 10 15.500 1.500 10 1.500 10zM3 17L17 3" class="line"/>';
const BIN = '<path d="M4 5.500h12M8 5.500V3.500h4v2M5.500 5.500l.7 11h7.600l.7-11" class="line"/>';
const MOVE = '<path d="M10 2v16M2 10h16M7.500 4.500L10 2l2.500 2.500M7.500 15.500L10 18l2.500-2.500M4.500 7.500L2 10l2.500 2.500M15.500 7.500L18 10l-2.500 2.500" class="line"/>';
function update() {
  list.textContent = "";
  for (const row of props.value || []) {
    const item = document.createElement("div");
    item.className = "object" + (row.visible ? "" : " off") + (row.chosen ? " chosen" : "");
    item.dataset.id = row.id;
    item.append(button("show", row.visible ? "Hide" : "Show", row.visible ? OPEN : SHUT, row));
    const name = document.createElement("input");
    name.value = row.name;
    name.title = "Rename";
    name.disabled = row.locked;
    name.setAttribute("aria-label", "Name of object " + row.id);
    name.addEventListener("keydown", (event) => { if (event.key === "Enter") name.blur(); if (event.key === "Escape") { name.value = row.name; name.blur(); } });
    name.addEventListener("change", () => { if (name.value !== row.name) trigger("act", { kind: "rename", id: row.id, name: name.value }); });
    const count = document.createElement("span");
    count.textContent = row.points.toLocaleString("en") + " pts";
    item.append(name, count);
    if (row.id !== 0) {
      const move = button("choose", row.chosen ? "Leave it where it is" : "Move, turn, scale", MOVE, row);
      move.setAttribute("aria-pressed", row.chosen);
      move.disabled = row.locked || !row.visible;
      item.addEventListener("click", (event) => { if (event.target === item || event.target === count) move.click(); });
      item.append(move, button("delete", "Delete", BIN, row));
    }
    list.append(item);
  }
}
watch("value", update);
update();
