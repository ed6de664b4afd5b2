// Keyboard shortcuts, for the page and, forwarded, for the 3D view.
(() => {
  const press = (id) => { const button = document.querySelector("#" + id + " button, button#" + id); if (button && !button.disabled) button.click(); return !!button; };
  const help = (show) => { const sheet = document.querySelector("#help_sheet"); if (sheet) sheet.classList.toggle("show", show === undefined ? !sheet.classList.contains("show") : show); };
  const primary = () => { for (const id of ["accept", "run_edit", "lift", "build"]) { const button = document.querySelector("button#" + id); if (button && !button.disabled) { button.click(); return; } } };
  window.studioHelp = help;
  window.studioKeys = (event, fromView) => {
    const key = event.key.toLowerCase(), command = event.ctrlKey || event.metaKey;
    const typing = /^(input|textarea|select)$/i.test(event.target.tagName || "") && event.target.type !== "range" && event.target.type !== "radio" && event.target.type !== "checkbox";
    const stage = window.studioStage;
    if (command && key === "enter") { event.preventDefault(); document.activeElement && document.activeElement.dispatchEvent(new Event("change", { bubbles: true })); setTimeout(typing ? () => press("run_edit") : primary, 60); return; }
    if (command && key === "s") { event.preventDefault(); const link = document.querySelector("a#save_project[href]"); if (link) link.click(); return; }
    if (typing) return;
    if (command && key === "z") { event.preventDefault(); press(event.shiftKey ? "redo" : "undo"); return; }
    if (command && key === "y") { event.preventDefault(); press("redo"); return; }
    if (command || event.altKey) return;
    if (key === "?") { event.preventDefault(); help(); return; }
    if (key === "escape") { help(false); stage && stage.escape(); return; }
    if (key === "x") press("peek");
    if (key === " " && window.studioTimeline && window.studioTimeline.toggle(event)) return;
    if (fromView || !stage) return; // the 3D view flies with W A S D Q E
    const tools = { v: "pick", m: "box", b: "brush", e: "eraser", p: "place", c: "compare" };
    if (tools[key]) { const button = document.querySelector('#stage [data-tool="' + tools[key] + '"]'); if (button && !button.disabled) button.click(); }
    if (key === "[") stage.resize(-6);
    if (key === "]") stage.resize(6);
    if (key === "0") stage.fit();
    if (key === "home") press("home");
    if (key === "r") press("measure");
    if (key === "t") press("depths_open");
    if (key === "o") stage.hold(true);
    const changes = { h: "fill_holes", l: "keep_largest", i: "invert", n: "clear", g: event.shiftKey ? "shrink" : "grow", f: "feather" };
    if (changes[key]) press(changes[key]);
  };
  document.addEventListener("keydown", (event) => window.studioKeys(event, false));
  document.addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "o" && window.studioStage) window.studioStage.hold(false); });
  document.addEventListener("click", (event) => {
    if (event.target.closest && event.target.closest("#help")) help();
    if (event.target.id === "help_sheet" || (event.target.closest && event.target.closest("#help_close"))) help(false);
  });
})();
