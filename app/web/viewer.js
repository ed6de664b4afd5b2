// Holds the iframe of the 3D view; its address is set once, so that later updates of the page never reload it.
const frame = element.querySelector("iframe");
const root = ((window.gradio_config && window.gradio_config.root) || "").replace(/\/$/, "");
let shown = "";
// What the colours mean: one bar with numbers for depth, keys for layers and normals.
function paintLegend(box, legend) {
  box.hidden = !legend;
  if (!legend) return;
  const title = document.createElement("b"), body = document.createElement("div");
  title.textContent = legend.title || "";
  if (legend.stops) {
    body.className = "scale";
    const bar = document.createElement("i"), ticks = document.createElement("div");
    bar.style.background = "linear-gradient(90deg," + legend.stops.join(",") + ")";
    ticks.append(...legend.ticks.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
    body.append(bar, ticks);
  } else {
    body.className = "keys";
    body.append(...legend.keys.map((key) => {
      const item = document.createElement("span"), dot = document.createElement("i");
      dot.style.background = key.colour;
      item.append(dot, key.text);
      return item;
    }));
  }
  box.replaceChildren(...(legend.title ? [title] : []), body);
}
window.studioLegend = paintLegend;
function update() {
  const path = props.value && props.value.path;
  element.querySelector(".void").textContent = (props.value && props.value.hint) || "";
  paintLegend(element.querySelector(".legend"), props.value && props.value.legend);
  if (!path || path === shown) return;
  shown = path;
  frame.src = root + "/" + path;
}
// Keys pressed over the 3D view reach the page's shortcuts; the two are of one origin.
frame.addEventListener("load", () => {
  if (!shown || !frame.contentWindow) return;
  frame.contentWindow.addEventListener("keydown", (event) => window.studioKeys && window.studioKeys(event, true));
});
// What is chosen or moved by hand reaches the scene by the view's own connection; the page then asks what is new.
frame.addEventListener("load", () => {
  if (!shown || !frame.contentWindow) return;
  frame.contentWindow.addEventListener("pointerup", () => {
    if (props.value.live) setTimeout(() => trigger("touched", {}), 350);
  }, true);
});
// viser's own panel and toast would lie over the picture; what they say goes into one small badge.
const badge = element.querySelector(".badge");
const STYLE = "[data-floating-window], .mantine-Paper-root, #webgl-software-rendering { visibility: hidden !important; pointer-events: none !important; }";
frame.addEventListener("load", () => {
  const inner = frame.contentDocument;
  if (!shown || !inner) return;
  const style = inner.createElement("style");
  style.textContent = STYLE;
  inner.head.append(style);
});
setInterval(() => {
  const inner = frame.contentDocument;
  if (!shown || !inner || !inner.body) return;
  const panel = inner.getElementById("root");
  const lost = panel && /Connecting/.test(panel.textContent);
  const slow = inner.querySelector("#webgl-software-rendering");
  badge.textContent = lost ? "Connecting to the 3D view…" : slow ? "Drawn by the processor: the view may be slow" : "";
}, 1000);
watch("value", update);
update();
