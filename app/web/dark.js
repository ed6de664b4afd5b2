// The studio is dark whatever the system prefers: pictures are judged on a dark ground.
(() => {
  document.documentElement.style.background = "#0d0f13";
  const darken = () => { for (const node of [document.documentElement, document.body]) if (node && !node.classList.contains("dark")) node.classList.add("dark"); };
  const watch = () => { darken(); new MutationObserver(darken).observe(document.body, { attributes: true, attributeFilter: ["class"] }); };
  darken();
  if (document.body) watch(); else document.addEventListener("DOMContentLoaded", watch);
})();
