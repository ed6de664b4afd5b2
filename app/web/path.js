// The camera path: what is chosen lives here, what there is to choose from and the film come from Python.
const $ = (what) => element.querySelector(what);
const panel = $(".path"), paths = $(".paths"), size = $(".size"), amplitude = $(".amplitude"), frames = $(".frames"), video = $("video");
const root = ((window.gradio_config && window.gradio_config.root) || "").replace(/\/$/, "");
let state = { ready: false }, chosen = "orbit", touched = { amplitude: false, frames: false };
const path = () => (state.paths || []).find((one) => one.name === chosen) || {};
function choose(name) {
  chosen = name;
  touched.amplitude = false;
  show();
}
function show() {
  panel.hidden = !state.ready;
  if (!state.ready) return;
  const now = path(), byKeys = now.amplitude === undefined, preset = state.sizes.find((one) => one.name === size.value);
  for (const button of paths.children) button.setAttribute("aria-pressed", button.dataset.name === chosen);
  $(".about").textContent = now.hint;
  $(".keys").hidden = !byKeys;
  $(".far").hidden = byKeys;
  $(".far span").textContent = now.unit || "";
  if (!byKeys && !touched.amplitude) amplitude.value = now.amplitude;
  if (!touched.frames) frames.value = preset.frames;
  $(".count").textContent = state.keyframes === 0 ? "none yet" : state.keyframes + " set";
  $("[data-kind=drop]").disabled = $("[data-kind=clear]").disabled = state.busy || !state.keyframes;
  $("[data-kind=add]").disabled = state.busy;
  $(".go").disabled = state.busy || (byKeys && state.keyframes < 2);
  const made = state.made;
  $(".made").hidden = !made;
  if (!made) { video.removeAttribute("src"); video.load(); return; }
  const source = root + "/" + made.video;
  if (video.getAttribute("src") !== source) { video.src = source; panel.open = true; }
  $(".said").textContent = made.said + (made.old ? " · the scene has changed since" : "");
  $(".mp4").href = source;
  $(".mp4").download = made.name;
  $(".zip").href = root + "/" + made.frames;
  $(".zip").download = made.frames_name;
  $(".zip small").textContent = made.frames_size;
}
function update() {
  state = props.value || { ready: false };
  if (state.ready && !paths.children.length) {
    for (const one of state.paths) {
      const button = document.createElement("button");
      button.textContent = one.label;
      button.dataset.name = one.name;
      paths.append(button);
    }
    for (const one of state.sizes) size.append(new Option(one.label, one.name));
    size.value = state.size;
  }
  show();
}
paths.addEventListener("click", (event) => { const button = event.target.closest("button"); if (button) choose(button.dataset.name); });
size.addEventListener("change", () => { touched.frames = false; show(); });
for (const [name, box] of [["amplitude", amplitude], ["frames", frames]]) box.addEventListener("input", () => { touched[name] = true; });
$(".keys").addEventListener("click", (event) => { const button = event.target.closest("button"); if (button) trigger("act", { kind: button.dataset.kind }); });
$(".go").addEventListener("click", () => {
  const far = amplitude.value === "" ? null : Number(amplitude.value);
  // Gradio takes an entry named "path" for a file.
  trigger("film", { along: chosen, amplitude: path().amplitude === undefined ? 0 : far, frames: Number(frames.value), size: size.value, hidden: $(".hidden-colours").value });
});
watch("value", update);
update();
