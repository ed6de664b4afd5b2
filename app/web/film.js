// The frames of a clip in a strip, cut out of one picture by the style sheet; a click makes one the photo of the moment.
const film = element.querySelector(".film"), strip = film.querySelector(".frames"), told = film.querySelector(".told");
const root = ((window.gradio_config && window.gradio_config.root) || "").replace(/\/$/, "");
function thumb(number, state, picture) {
  const made = document.createElement("button");
  made.setAttribute("aria-pressed", number === state.at);
  made.title = "Frame " + (number + 1);
  made.disabled = state.busy;
  made.style.aspectRatio = state.aspect;
  made.style.backgroundImage = "url(" + picture + ")";
  made.style.backgroundSize = state.count * 100 + "% 100%";
  made.style.backgroundPosition = (100 * number) / Math.max(state.count - 1, 1) + "% 0";
  made.addEventListener("click", () => trigger("act", { kind: "frame", number }));
  return made;
}
function update() {
  const state = props.value || {}, count = state.count || 0;
  film.hidden = !count;
  if (!count) return strip.replaceChildren();
  told.textContent = state.told;
  const picture = root + "/studio/" + state.token + "/picture/film?v=" + state.version, place = strip.scrollLeft;
  strip.replaceChildren(...Array.from({ length: count }, (_, number) => thumb(number, state, picture)));
  strip.scrollLeft = place;
  const shown = strip.querySelector("[aria-pressed=true]");
  if (shown) shown.scrollIntoView({ block: "nearest", inline: "nearest" });
}
watch("value", update);
update();
