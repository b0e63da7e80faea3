// What a citation stands for, in a card beside it: the text of the list of references, which the link carries as its
// title. The card comes when the pointer rests on the link or the keyboard reaches it. It stays while either is there
// or the pointer is on the card; Escape closes it. A finger's tap leads to the list, as that of any link.
(function () {
  const CITATION = ".bibtex-citation a:is([title], [aria-description])";
  const OPENS = 150, CLOSES = 250; // milliseconds: time to pass over a link, and to go from it to the card
  const EDGE = 12; // CSS pixels that stay free at the sides of the screen
  let card = null, link = null, timer = 0;

  const close = () => {
    clearTimeout(timer);
    if (link) link.removeAttribute("aria-describedby");
    if (card) card.hidden = true;
    link = null;
  };
  const open = (citation, line) => {
    close();
    link = citation;
    if (!card) {
      card = document.createElement("div");
      card.className = card.id = "citation-card";
      card.setAttribute("role", "tooltip");
      document.querySelector(".bd-article").append(card);
    }
    // the browser would show a title as well, and would not let Escape close it
    if (link.title) {
      link.setAttribute("aria-description", link.title);
      link.removeAttribute("title");
    }
    card.textContent = link.getAttribute("aria-description");
    card.hidden = false;
    link.setAttribute("aria-describedby", card.id);
    place(line);
  };
  // below the line of the link, or above it where the screen ends; measured from where the card lies at 0, 0
  const place = (line) => {
    card.style.left = card.style.top = "0";
    const at = card.getBoundingClientRect();
    const last = document.documentElement.clientWidth - EDGE - at.width;
    const left = Math.max(EDGE, Math.min(line.left, last));
    const fits = line.bottom + at.height <= window.innerHeight || line.top < at.height;
    const top = fits ? line.bottom : line.top - at.height;
    card.style.left = `${left - at.left}px`;
    card.style.top = `${top - at.top}px`;
  };
  // a link that is broken over two lines has two boxes
  const boxOf = (citation, x, y) => {
    const boxes = [...citation.getClientRects()];
    return boxes.find((b) => b.left <= x && x <= b.right && b.top <= y && y <= b.bottom) || boxes[0];
  };
  const isKept = () => link.matches(":hover, :focus-visible") || card.matches(":hover");
  const later = (what, wait) => { clearTimeout(timer); timer = setTimeout(what, wait); };
  const leave = () => later(() => { if (link && !isKept()) close(); }, CLOSES);
  const citationOf = (event) => event.target instanceof Element && event.target.closest(CITATION);

  document.addEventListener("pointerover", (event) => {
    const citation = citationOf(event);
    if (event.pointerType === "touch" || !citation || citation.contains(event.relatedTarget)) return;
    if (citation === link) clearTimeout(timer);
    else later(() => open(citation, boxOf(citation, event.clientX, event.clientY)), OPENS);
  });
  document.addEventListener("pointerout", (event) => {
    if (citationOf(event) || (card && event.target === card)) leave();
  });
  document.addEventListener("focusin", (event) => {
    const citation = citationOf(event);
    if (citation && citation.matches(":focus-visible")) open(citation, boxOf(citation));
  });
  document.addEventListener("focusout", (event) => { if (link && event.target === link) leave(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  window.addEventListener("resize", close);
})();
