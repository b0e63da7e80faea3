"use strict";
// A face at several resolutions: what P sees and says, and the generator's faces that look alike at that size.

/** Where a picture lies in a sheet: a row for each resolution, a column for each picture. */
function placeInSheet(resolution, column, width, height) {
  return [column * width, resolution * height];
}

/** What the look-alikes of a face are said to be. */
function alikeText(count, side, spread) {
  const apart = spread === null ? "" : ` They differ from each other by ${spread} grey levels on average.`;
  return `${count} of the generator's faces that look nearly the same with ${side} × ${side} pixels.${apart}`;
}

function mountSmallImages(root, settings) {
  const { faces, sides, labels, alike, width, height } = settings;
  const load = (source) => {
    const image = new Image();
    image.addEventListener("load", () => draw());
    image.src = source;
    return image;
  };
  const sheets = faces.map(({ answers, posterior }) => ({ answers: load(answers), posterior: load(posterior) }));
  let face = 0;
  let resolution = 0;
  const pictures = labels.map(() => canvasOf(96));
  const others = Array.from({ length: alike }, () => canvasOf(64));
  const said = make("p", { class: "note", "aria-live": "polite" }, "");
  const picker = choice({
    label: "face", options: faces.map((_, i) => `face ${i + 1}`), value: "face 1",
    change: (name) => { face = Number(name.slice(5)) - 1; draw(); },
  });
  const side = slider({
    label: "pixels", min: 0, max: sides.length - 1, step: 1, value: 0, show: (v) => `${sides[v]} × ${sides[v]}`,
    input: (v) => { resolution = v; draw(); },
  });
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "controls" }, picker.element, side.element),
    make("div", { class: "main pictures" }, ...pictures.map((canvas, i) => make("figure", {}, canvas, make("figcaption", {}, labels[i])))),
    said,
    make("div", { class: "pictures" }, ...others),
  );

  function canvasOf(size) {
    return make("canvas", { class: "pixels", width, height, role: "img", style: `width:${size}px;max-width:100%;aspect-ratio:${width}/${height}` });
  }

  function put(canvas, sheet, column, text) {
    canvas.setAttribute("aria-label", text);
    if (!sheet.complete) return;
    const [x, y] = placeInSheet(resolution, column, width, height);
    canvas.getContext("2d").drawImage(sheet, x, y, width, height, 0, 0, width, height);
  }

  function draw() {
    const { answers, posterior } = sheets[face];
    pictures.forEach((canvas, i) => put(canvas, answers, i, `${labels[i]}, ${sides[resolution]} pixels`));
    others.forEach((canvas, i) => put(canvas, posterior, i, `look-alike ${i + 1}`));
    const { spread } = faces[face];
    said.textContent = alikeText(alike, sides[resolution], spread === null ? null : spread[resolution]);
  }

  draw();
  onAppearance(root, draw);
}
