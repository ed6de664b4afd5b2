// The status chip opens "About this studio": device, memory, models, disk, as they are at that moment.
(() => {
  const root = () => ((window.gradio_config && window.gradio_config.root) || "").replace(/\/$/, "");
  const open = async () => {
    const dialog = document.createElement("dialog");
    dialog.className = "sheet about";
    dialog.setAttribute("aria-labelledby", "about_title");
    dialog.innerHTML = '<button class="close" aria-label="Close">×</button><h2 id="about_title">About this studio</h2><div><p class="hint">Looking…</p></div>';
    dialog.addEventListener("click", (event) => { if (event.target === dialog || event.target.closest(".close")) dialog.close(); });
    dialog.addEventListener("close", () => dialog.remove());
    document.querySelector(".gradio-container").append(dialog);
    dialog.showModal();
    const told = dialog.querySelector("div");
    try {
      const answer = await fetch(root() + "/studio/about");
      if (!answer.ok) throw new Error(answer.status);
      told.innerHTML = await answer.text();
    } catch { told.innerHTML = '<p class="hint">The studio does not answer. Reload the page.</p>'; }
  };
  document.addEventListener("click", (event) => { if (event.target.closest && event.target.closest("#chip .chip")) open(); });
})();
