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
  const frames = () => document.querySelectorAll(".lab iframe");
  document.addEventListener("DOMContentLoaded", () => {
    frames().forEach((frame) => { frame.addEventListener("load", () => tell(frame)); tell(frame); });
    new MutationObserver(() => frames().forEach(tell))
      .observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  });
})();

// What is wider than its place scrolls: let the keyboard reach it, and show by a fading edge that more follows.
(function () {
  const CAN_SCROLL = ".bd-article :is(.scrolls, pre, table, .cell_output, .output.text_html)";
  const look = (boxes) => {
    // first all questions, then all changes: a change between them would have the page laid out anew
    const seen = boxes.map((box) => [box, box.scrollWidth - box.clientWidth, getComputedStyle(box).overflowX]);
    for (const [box, hidden, overflow] of seen) {
      const scrolls = hidden > 0 && overflow !== "visible";
      if (scrolls) box.tabIndex = 0; else box.removeAttribute("tabindex");
      box.classList.toggle("more-follows", scrolls && hidden > 1 && box.scrollLeft < hidden - 1);
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    // a box far from the screen reports its size when the reader comes near
    const sizes = new ResizeObserver((changes) => look(changes.map((change) => change.target)));
    document.querySelectorAll(CAN_SCROLL).forEach((box) => {
      sizes.observe(box);
      box.addEventListener("scroll", () => look([box]), { passive: true });
    });
  });
})();
