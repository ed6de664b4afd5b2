// The clip's timeline. The 3D view is switched by the server; between two states of it the page counts by the same clock.
const bar = element.querySelector(".timeline"), play = bar.querySelector(".play"), range = bar.querySelector("input");
const says = bar.querySelector("output"), pace = bar.querySelector("select"), sign = play.querySelector("path");
const SIGNS = { true: "M5 4h3.500v12H5zM11.500 4H15v12h-3.500z", false: "M6 4l10 6-10 6z" };
let state = { count: 0 }, beat = -1, began = 0, first = 0, sought = 0, waiting = null;
function show(frame) {
  range.value = frame;
  says.textContent = frame + 1 + " / " + state.count;
}
function tick() {
  if (!state.playing || bar.hidden) return;
  show((first + Math.floor(((performance.now() - began) * state.fps) / 1000)) % state.count);
  requestAnimationFrame(tick);
}
function run(playing) {
  state = { ...state, playing };
  sign.setAttribute("d", SIGNS[playing]);
  play.setAttribute("aria-label", playing ? "Pause" : "Play");
  if (!playing) return;
  first = Number(range.value);
  began = performance.now();
  requestAnimationFrame(tick);
}
function toggle() {
  const playing = !state.playing;
  run(playing);
  trigger("act", { kind: playing ? "play" : "pause" });
}
function seek() {
  run(false);
  show(Number(range.value));
  const send = () => { waiting = null; sought = performance.now(); trigger("act", { kind: "seek", frame: Number(range.value) }); };
  if (waiting === null) waiting = setTimeout(send, Math.max(0, 100 - (performance.now() - sought)));
}
function update() {
  const next = { count: 0, ...(props.value || {}) };
  bar.hidden = !next.count;
  if (!next.count || next.beat === beat) { state = { ...next, playing: !!next.playing }; return; }
  beat = next.beat;
  state = next;
  range.max = next.count - 1;
  pace.replaceChildren(...next.paces.map((fps) => new Option(fps, fps, false, fps === Math.round(next.fps))));
  if (next.at !== undefined && waiting === null && !range.matches(":active")) show(next.at);
  run(next.playing);
}
play.addEventListener("click", toggle);
range.addEventListener("input", seek);
pace.addEventListener("change", () => { trigger("act", { kind: "fps", fps: Number(pace.value) }); pace.blur(); });
// Space anywhere on the page, also over the 3D view; a button that has the focus keeps it for itself.
window.studioTimeline = {
  toggle(event) {
    if (bar.hidden || /^button$/i.test(event.target.tagName || "")) return false;
    event.preventDefault();
    toggle();
    return true;
  },
};
watch("value", update);
update();
