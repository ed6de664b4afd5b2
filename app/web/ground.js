// Dark, since pictures are judged on a dark ground, unless this browser has chosen light; from the first paint on.
(() => {
  const KEY = "world-tracing-ground", root = document.documentElement;
  let light = false;
  try { light = !!localStorage.getItem(KEY); } catch { /* private window */ }
  const dress = () => {
    root.classList.toggle("light", light);
    root.style.background = light ? "#e9ecf2" : "#0d0f13";
    for (const node of [root, document.body]) if (node) node.classList.toggle("dark", !light); // gradio follows the system
  };
  const watch = () => { dress(); new MutationObserver(dress).observe(document.body, { attributes: true, attributeFilter: ["class"] }); };
  window.studioGround = {
    wanted: () => { try { return localStorage.getItem(KEY); } catch { return null; } },
    choose: (value) => { light = !!value; try { localStorage.setItem(KEY, value); } catch { /* private window */ } dress(); },
  };
  dress();
  if (document.body) watch(); else document.addEventListener("DOMContentLoaded", watch);
})();
