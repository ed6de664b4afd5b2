// On a phone one part of the studio at a time. And what gradio's markup leaves unsaid to a screen reader.
const tabs = [...element.querySelectorAll("button")], find = (query) => document.querySelector(query);
const SAID = {
  "#left": { role: "region", "aria-label": "Steps" },
  "#middle": { role: "region", "aria-label": "Photo" },
  "#right": { role: "region", "aria-label": "3D view" },
  "#status": { role: "status", "aria-live": "polite" },
  "#help button, button#help": { "aria-label": "Shortcuts and help" },
};
let name = "", lifted = false;
function show(pane) {
  find("#columns").dataset.pane = pane;
  for (const tab of tabs) tab.setAttribute("aria-pressed", tab.dataset.pane === pane);
}
function look() {
  for (const step of document.querySelectorAll("#left .label-wrap")) step.setAttribute("aria-expanded", step.classList.contains("open"));
  const photo = find("#step_photo"), done = find("#step_geometry").classList.contains("done");
  const now = photo.classList.contains("done") ? photo.querySelector(".label-wrap").textContent.trim() : "";
  if (done && !lifted) show("right"); // what came out of it is looked at first
  else if (now && now !== name) show("middle");
  [name, lifted] = [now, done];
}
function begin() {
  if (![...Object.keys(SAID), "#columns", "#step_photo .label-wrap", "#step_geometry"].every(find)) return setTimeout(begin, 50); // not put together yet
  for (const [query, said] of Object.entries(SAID)) for (const [key, value] of Object.entries(said)) find(query).setAttribute(key, value);
  look();
  new MutationObserver(look).observe(find("#left"), { subtree: true, attributes: true, attributeFilter: ["class"], characterData: true });
}
for (const tab of tabs) tab.addEventListener("click", () => show(tab.dataset.pane));
begin();
