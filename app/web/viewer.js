// Holds the iframe of the 3D view; its address is set once, so that later updates of the page never reload it.
const frame = element.querySelector("iframe");
const root = ((window.gradio_config && window.gradio_config.root) || "").replace(/\/$/, "");
let shown = "";
function update() {
  const path = props.value && props.value.path;
  if (!path || path === shown) return;
  shown = path;
  frame.src = root + "/" + path;
}
// Keys pressed over the 3D view reach the page's shortcuts; the two are of one origin.
frame.addEventListener("load", () => {
  if (!shown || !frame.contentWindow) return;
  frame.contentWindow.addEventListener("keydown", (event) => window.studioKeys && window.studioKeys(event, true));
});
watch("value", update);
update();
