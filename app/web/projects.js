// This browser's projects: picture, name and date open one; copy its link; delete it (a second click says yes).
const [box, caption, kept] = [".projects", ".caption", ".kept"].map((name) => element.querySelector(name));
const root = ((window.gradio_config && window.gradio_config.root) || "").replace(/\/$/, "");
const LINK = '<path d="M8.500 11.500a3 3 0 0 0 4.200 0l3-3a3 3 0 0 0-4.200-4.200l-1 1M11.500 8.500a3 3 0 0 0-4.200 0l-3 3a3 3 0 0 0 4.200 4.200l1-1" class="line"/>';
const BIN = '<path d="M4 5.500h12M8 5.500V3.500h4v2M5.500 5.500l.7 11h7.600l.7-11" class="line"/>';
function button(kind, title, path, act) {
  const made = document.createElement("button");
  made.className = kind;
  made.title = title;
  made.setAttribute("aria-label", title);
  made.innerHTML = '<svg viewBox="0 0 20 20">' + path + "</svg>";
  made.addEventListener("click", () => act(made));
  return made;
}
async function copy(made, ident) {
  const link = new URL(root + "/?project=" + ident, location.href).href;
  try { await navigator.clipboard.writeText(link); }
  catch { window.prompt("The link of this project, for this browser", link); return; } // without https a page may not copy
  made.classList.add("done");
  setTimeout(() => made.classList.remove("done"), 1500);
  trigger("act", { kind: "copied", ident });
}
function remove(made, ident) {
  if (made.classList.contains("sure")) return trigger("act", { kind: "delete", ident });
  const name = (text) => { made.title = text; made.setAttribute("aria-label", text); };
  made.classList.add("sure");
  name("Click again to delete it for good");
  setTimeout(() => { made.classList.remove("sure"); name("Delete"); }, 3000);
}
function row(one, token) {
  const item = document.createElement("div");
  item.className = "project" + (one.open ? " now" : "");
  item.dataset.ident = one.ident;
  const open = document.createElement("button");
  open.className = "open";
  open.disabled = one.open;
  open.title = one.open ? one.name : "Open " + one.name;
  const image = document.createElement("img"), words = document.createElement("span"), when = document.createElement("small");
  image.alt = "";
  image.src = root + "/studio/" + token + "/picture/project-" + one.ident + "?v=" + (one.open ? "open" : Math.round(one.saved));
  words.textContent = one.name;
  when.textContent = one.open ? "open now" : new Date(one.saved * 1000).toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  words.append(when);
  open.append(image, words);
  open.addEventListener("click", () => trigger("act", { kind: "open", ident: one.ident }));
  item.append(open, button("link", "Copy the link to this project (it works in this browser)", LINK, (made) => copy(made, one.ident)));
  if (!one.open) item.append(button("delete", "Delete", BIN, (made) => remove(made, one.ident)));
  return item;
}
function erase(made) {
  if (made.classList.contains("sure")) return trigger("erase", {});
  made.classList.add("sure");
  made.textContent = "Delete all of it for good?";
  setTimeout(() => { made.classList.remove("sure"); made.textContent = "Delete my data"; }, 5000);
}
function tell(state) {
  const day = (seconds) => new Date(seconds * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "long" });
  const until = state.until ? ". The oldest goes on " + day(state.until) : "";
  if (kept.hidden = !state.kept) return;
  kept.querySelector("span").textContent = state.kept + until + ".";
}
function update() {
  const state = props.value || { projects: [] };
  if (state.gone) { setTimeout(() => location.reload(), 700); return; } // once the browser has its new key
  tell(state);
  caption.textContent = state.projects.length ? "Your projects, each kept for " + state.days + " days after its last change" : "";
  box.replaceChildren(...state.projects.map((one) => row(one, state.token)));
  const address = new URL(location.href);
  if (state.token && address.searchParams.has("project")) { // it was followed; a reload goes on where the person is by then
    address.searchParams.delete("project");
    history.replaceState(null, "", address);
  }
}
const all = kept.querySelector("button");
all.addEventListener("click", () => erase(all));
watch("value", update);
update();
