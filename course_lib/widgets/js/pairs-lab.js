"use strict";
// A joint game that the reader plays for both networks: a click in the table chooses.

function mountPairs(root, settings) {
  const n = 4, IMAGES = ["A", "B", "C", "D"];
  const encoder = [...settings.encoder], generator = [...settings.generator];
  const numbers = readings({ value: "value, nats", divergence: "JS of the pairs", back: "codes that come back" });
  const note = make("p", { class: "note", role: "status" });
  const cells = [];
  const row = (x) => make("tr", {}, make("th", { scope: "row" }, `image ${IMAGES[x]}`), ...cells[x].map((c) => c.box));
  for (let x = 0; x < n; x++) {
    cells.push(Array.from({ length: n }, (_, z) => {
      const kinds = [
        ["E", "data", () => (encoder[x] = z), `E: code ${z + 1} for image ${IMAGES[x]}`],
        ["G", "generator", () => (generator[z] = x), `G: image ${IMAGES[x]} from code ${z + 1}`],
      ].map(([name, role, choose, words]) => make("button", { type: "button", "aria-label": words, title: words, "data-role": role, style: "min-width:34px;padding:2px 6px;margin:1px", click: () => { choose(); draw(); } }, name));
      return { box: make("td", { style: "text-align:center;padding:2px" }, ...kinds), kinds };
    }));
  }
  const head = make("tr", {}, make("td"), ...Array.from({ length: n }, (_, z) => make("th", { scope: "col", style: "text-align:center" }, `code ${z + 1}`)));
  root.append(
    ...taskLine(settings.task),
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...IMAGES.map((_, x) => row(x)))),
    make("div", { style: "margin-top:10px" }, numbers.element, note),
  );

  function mark(button, chosen) {
    button.setAttribute("aria-pressed", String(chosen));
    button.style.background = chosen ? `var(--${button.dataset.role})` : "";
    button.style.color = chosen ? "var(--paper)" : "var(--muted)";
    button.style.fontWeight = chosen ? "700" : "400";
  }

  function draw() {
    cells.forEach((line, x) => line.forEach(({ kinds }, z) => {
      mark(kinds[0], encoder[x] === z);
      mark(kinds[1], generator[z] === x);
    }));
    const game = jointGame(encoder, generator);
    numbers.set({ value: fixed(game.value, 3), divergence: fixed(game.divergence, 3), back: fixed(100 * game.back, 0) + " %" });
    note.textContent =
      game.back === 1 ? "The least value, −log 4: E and G undo each other, and D can only guess."
      : !game.images ? "G never makes some image: already a discriminator of images alone would see that."
      : !game.codes ? "E never gives some code: already a discriminator of codes alone would see that."
      : game.back === 0 ? "Both marginals are right, and D is never wrong: the greatest value, 0."
      : "Both marginals are right, and the pairs still tell the two kinds apart.";
  }

  onAppearance(root, draw);
  draw();
}
