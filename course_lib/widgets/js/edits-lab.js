"use strict";
// An inverted face, edited along directions of attributes: the edits of several spaces side by side, made beforehand.

/** A number with its sign: +2, −2, 0. */
function signed(value, digits) {
  const text = fixed(value, digits);
  return Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
}

/** What is said below one picture. */
function editText(attribute, wanted, others) {
  return `${attribute} ${signed(wanted, 2)}, others ${others.toFixed(2)}`;
}

function mountEdits(root, settings) {
  const { sheets, given, wanted, others, attributes, spaces, strengths, width, height } = settings;
  const load = (address) => {
    const image = new Image();
    image.addEventListener("load", () => draw());
    image.src = address;
    return image;
  };
  const original = load(given);
  const pages = sheets.map(load);
  let face = 0;
  let attribute = 0;
  let strength = strengths.indexOf(0) < 0 ? 0 : strengths.indexOf(0);
  const panel = (title) => {
    const canvas = make("canvas", { class: "pixels", width, height, role: "img" });
    const said = make("span", {}, "");
    const caption = make("figcaption", {}, make("b", {}, title), " ", said);
    return { canvas, said, element: make("figure", { style: "max-width:180px" }, canvas, caption) };
  };
  const first = panel("given");
  const panels = spaces.map((name) => panel(name));
  const names = sheets.map((_, i) => `face ${i + 1}`);
  const faceOf = choice({
    label: "face", options: names, value: names[0], change: (name) => { face = names.indexOf(name); draw(); },
  });
  const attributeOf = choice({
    label: "attribute", options: attributes, value: attributes[0],
    change: (name) => { attribute = attributes.indexOf(name); draw(); },
  });
  const place = slider({
    label: "strength", min: 0, max: strengths.length - 1, step: 1, value: strength,
    show: (v) => signed(strengths[v], Number.isInteger(strengths[v]) ? 0 : 1), input: (v) => { strength = v; draw(); },
  });
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "controls" }, place.element, attributeOf.element, faceOf.element),
    make("div", { class: "pictures main" }, first.element, ...panels.map((one) => one.element)),
    make("p", { class: "note", style: "margin-top:8px" },
      "Below each picture: how far the edited factor went, and how far the others went in the mean, as the judge reads them."),
  );

  function draw() {
    first.canvas.setAttribute("aria-label", `${names[face]} as it was given`);
    if (original.complete) {
      first.canvas.getContext("2d").drawImage(original, face * width, 0, width, height, 0, 0, width, height);
    }
    panels.forEach(({ canvas, said }, k) => {
      const text = editText(attributes[attribute], wanted[face][attribute][k][strength], others[face][attribute][k][strength]);
      said.textContent = text;
      canvas.setAttribute("aria-label", `${names[face]} edited in ${spaces[k]}: ${text}`);
      if (!pages[face].complete) return;
      const row = attribute * spaces.length + k;
      canvas.getContext("2d").drawImage(pages[face], strength * width, row * height, width, height, 0, 0, width, height);
    });
  }

  draw();
  onAppearance(root, draw);
}
