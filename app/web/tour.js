// Four steps for who is here for the first time. It stands beside what it points at, never over it, and goes on by itself.
const SEEN = "world-tracing-tour";
const STEPS = [
  ["photo", "Open a photo", "Drop one here, or begin with an example. A video, or a project that you saved, opens as well."],
  ["geometry", "Lift it", "Press Lift: the photo becomes six layers of points. Turn them in the 3D view; layer 0 is what the camera sees, the others lie behind it."],
  ["edit", "Edit it by words", "Say what to add, remove, replace or move, such as “add a red chair next to the table”. Then accept the result, or discard it."],
  ["export", "Take it away", "Choose the formats and build the zip. “Save project” at the top keeps everything in one file; ? lists the shortcuts."],
];
const card = element.querySelector(".tour"), ring = element.querySelector(".tour-ring");
const on = card.querySelector(".on"), back = card.querySelector(".back");
let at = -1, timer = 0;
const target = () => document.querySelector("#step_" + STEPS[at][0]);
const done = () => target().classList.contains("done");
let wasDone = false;
function place() {
  if (done() && !wasDone && at < STEPS.length - 1) return go(at + 1);
  wasDone = done();
  const box = target().getBoundingClientRect(), column = document.querySelector("#left").getBoundingClientRect();
  const top = Math.max(box.top - 4, column.top), bottom = Math.min(box.bottom + 4, column.bottom, innerHeight);
  ring.hidden = bottom - top < 12 || getComputedStyle(target()).visibility === "hidden";
  Object.assign(ring.style, { left: box.left - 4 + "px", width: box.width + 8 + "px", top: top + "px", height: bottom - top + "px" });
  card.style.left = box.right + 16 + "px";
  card.style.top = Math.max(76, Math.min(top, innerHeight - card.offsetHeight - 46)) + "px";
}
function go(step) {
  at = step;
  wasDone = done();
  const [, title, text] = STEPS[at];
  card.querySelector("b").textContent = title;
  card.querySelector("p").textContent = text;
  card.querySelector(".after span").textContent = at + 1 + " of " + STEPS.length;
  back.disabled = at === 0;
  on.textContent = at === STEPS.length - 1 ? "Done" : "Next";
  target().scrollIntoView({ block: "nearest" });
  place();
}
function end() {
  card.hidden = ring.hidden = true;
  clearInterval(timer);
  try { localStorage.setItem(SEEN, "seen"); } catch { /* private window */ }
}
function start() {
  card.hidden = false;
  clearInterval(timer);
  timer = setInterval(place, 200);
  go(0);
}
on.addEventListener("click", () => (at === STEPS.length - 1 ? end() : go(at + 1)));
back.addEventListener("click", () => go(at - 1));
card.querySelector(".end").addEventListener("click", end);
card.addEventListener("keydown", (event) => { if (event.key === "Escape") { end(); event.stopPropagation(); } });
window.studioTour = { start: () => { start(); on.focus(); } };
let seen = "seen"; // where nothing can be remembered it would come each time
try { seen = localStorage.getItem(SEEN); } catch { /* private window */ }
const soon = () => setTimeout(() => (document.querySelector("#step_export") ? start() : soon()), 1200);
if (!seen) soon();
