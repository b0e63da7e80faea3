"use strict";
// Codes truncated at a threshold, by several laws: a sheet of pictures for each law, a row for each threshold.

/** Where a picture is drawn: rows of so many columns. */
function placeInGrid(index, columns, width, height) {
  return [(index % columns) * width, Math.floor(index / columns) * height];
}

/** What is said below the pictures. */
function deviationText(threshold, deviation) {
  return `Threshold ${threshold}: the numbers of a code have a standard deviation of ${deviation.toFixed(3)}.`;
}

function mountTruncation(root, settings) {
  const { laws, thresholds, pictures, columns, width, height } = settings;
  const sheets = laws.map(({ sheet }) => {
    const image = new Image();
    image.addEventListener("load", () => draw());
    image.src = sheet;
    return image;
  });
  let law = 0;
  let row = thresholds.length - 1;
  const canvas = make("canvas", {
    class: "pixels main", width: columns * width, height: Math.ceil(pictures / columns) * height, role: "img",
    style: "width:100%;max-width:480px",
  });
  const said = make("p", { class: "note", "aria-live": "polite" }, "");
  const picker = choice({
    label: "law", options: laws.map(({ name }) => name), value: laws[0].name,
    change: (name) => { law = laws.findIndex((one) => one.name === name); draw(); },
  });
  const place = slider({
    label: "threshold", min: 0, max: thresholds.length - 1, step: 1, value: row, show: (v) => `${thresholds[v]}`,
    input: (v) => { row = v; draw(); },
  });
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "controls" }, picker.element, place.element),
    said,
    canvas,
  );

  function draw() {
    const sheet = sheets[law];
    said.textContent = deviationText(thresholds[row], laws[law].deviations[row]);
    canvas.setAttribute("aria-label", `${pictures} pictures, codes ${laws[law].name} at ${thresholds[row]}`);
    if (!sheet.complete) return;
    const context = canvas.getContext("2d");
    for (let i = 0; i < pictures; i++) {
      const [x, y] = placeInGrid(i, columns, width, height);
      context.drawImage(sheet, i * width, row * height, width, height, x, y, width, height);
    }
  }

  draw();
  onAppearance(root, draw);
}
