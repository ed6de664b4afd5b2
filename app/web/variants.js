// Results of several seeds as cards: a click shows one in both panes, again shows the work; then use it, or keep none.
const strip = element.querySelector(".variants"), cards = strip.querySelector(".cards"), use = strip.querySelector(".use");
const root = ((window.gradio_config && window.gradio_config.root) || "").replace(/\/$/, "");
let seen = "";
function card(one, number, state) {
  const made = document.createElement("button"), image = document.createElement("img"), words = document.createElement("span"), note = document.createElement("small");
  made.className = "card";
  made.setAttribute("aria-pressed", number === state.at);
  made.disabled = state.busy;
  made.title = number === state.at ? "Shown now. Click to see the work as it is" : "Look at it in both panes";
  image.alt = "";
  image.src = root + "/studio/" + state.token + "/picture/variant-" + one.name;
  words.textContent = "Seed " + one.seed;
  note.textContent = one.note;
  words.append(note);
  made.append(image, words);
  made.addEventListener("click", () => trigger("act", { kind: "look", number }));
  return made;
}
function update() {
  const state = props.value || {}, rows = state.rows || [];
  strip.hidden = !rows.length;
  strip.querySelector(".title b").textContent = state.title || "";
  strip.querySelector(".title span").textContent = state.hint || "";
  cards.replaceChildren(...rows.map((one, number) => card(one, number, state)));
  use.disabled = state.busy || state.at === null;
  strip.querySelector("[data-kind=drop]").disabled = state.busy;
  const newest = rows.map((one) => one.name).join(); // a strip that grows is brought into sight, one that is looked at stays
  if (newest && newest !== seen) setTimeout(() => strip.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" }), 250);
  seen = newest;
}
strip.querySelector(".after").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) trigger("act", { kind: button.dataset.kind });
});
watch("value", update);
update();
