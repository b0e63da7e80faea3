// Before printing: unfold what is folded and load the labs that wait to be scrolled to.
window.addEventListener("beforeprint", () => {
  document.querySelectorAll("details").forEach((box) => { box.open = true; });
  document.querySelectorAll("iframe").forEach((frame) => { frame.loading = "eager"; });
});

// Labs live in sandboxed frames and cannot see the page's theme: tell them, at load and at each change.
// course_lib/widgets/js/page.js listens.
(function () {
  const theme = () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light");
  const tell = (frame) => frame.contentWindow && frame.contentWindow.postMessage({ theme: theme() }, "*");
  const frames = () => document.querySelectorAll("iframe[srcdoc]");
  document.addEventListener("DOMContentLoaded", () => {
    frames().forEach((frame) => { frame.addEventListener("load", () => tell(frame)); tell(frame); });
    new MutationObserver(() => frames().forEach(tell))
      .observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  });
})();
