// Acts on the table of app/shortcuts.py, on the page and, forwarded by viewer.js, over the 3D view.
(() => {
  const find = (query) => document.querySelector(query);
  const press = (id) => { const button = find("#" + id + " button, button#" + id); if (button && !button.disabled) button.click(); };
  const sheet = (show) => {
    const dialog = find("#help_sheet dialog");
    if (dialog.open || show === false) dialog.close(); else dialog.showModal();
  };
  const next = (typing) => {
    const id = typing ? "run_edit" : ["accept", "run_edit", "lift", "build"].find((one) => find("button#" + one + ":not(:disabled)"));
    if (document.activeElement) document.activeElement.dispatchEvent(new Event("change", { bubbles: true })); // what was typed counts
    if (id) setTimeout(() => press(id), 60);
  };
  // Each takes its argument, the event and whether it was typed into a field; false: the key was not for us.
  const ACTIONS = {
    press,
    next: (_, event, typing) => next(typing),
    follow: (id) => { const link = find("a#" + id + "[href]"); if (link) link.click(); },
    tool: (name) => {
      const button = find('#stage [data-tool="' + name + '"]');
      if (button && !button.disabled) { button.click(); find("#photo_canvas").focus(); } // the crosshair's keys are at hand
    },
    brush: (by) => window.studioStage.resize(Number(by)),
    fit: () => window.studioStage.fit(),
    hold: () => window.studioStage.hold(true),
    play: (_, event) => !!window.studioTimeline && window.studioTimeline.toggle(event),
    escape: () => { window.studioStage.escape(); return false; },
    sheet: () => sheet(),
  };
  const known = new Map(window.studioShortcuts.flatMap((row) => row.keys.map((chord) => [chord, row])));
  const chordOf = (event) => {
    const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
    const shift = event.shiftKey && (key.length > 1 || key.toLowerCase() !== key); // ? and [ need Shift on some keyboards
    return [...(event.ctrlKey || event.metaKey ? ["Ctrl"] : []), ...(event.altKey ? ["Alt"] : []), ...(shift ? ["Shift"] : []), key].join("+");
  };
  window.studioKeys = (event, overView) => {
    const target = event.target, row = known.get(chordOf(event));
    const field = /^(input|textarea|select)$/i.test(target.tagName || ""), typing = field && !/^(range|radio|checkbox)$/.test(target.type);
    if (!row || !window.studioStage || (typing && !row.typing) || (overView && !row.over_view)) return;
    if (field && event.key.length > 1 && !row.typing && event.key !== "Escape") return; // Home moves a slider
    if (find("dialog[open]") && row.does !== "sheet") return;
    const [action, argument] = row.does.split(" ");
    if (ACTIONS[action](argument, event, typing) !== false) event.preventDefault();
  };
  document.addEventListener("keydown", (event) => window.studioKeys(event, false));
  document.addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "o" && window.studioStage) window.studioStage.hold(false); });
  document.addEventListener("click", (event) => {
    const on = (query) => event.target.closest && event.target.closest(query);
    if (on("#help")) sheet();
    if (event.target.matches("#help_sheet dialog") || on("#help_sheet button")) sheet(false);
    if (on("#help_sheet .again")) window.studioTour.start();
  });
})();
