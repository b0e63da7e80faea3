"use strict";
// A trained generator whose codes the reader turns, with what a classifier reads from the picture beside it.

function mountCodes(root, data) {
  const layers = unpackGenerator(data.generator);
  const reader = data.reader ? unpackReader(data.reader) : null;
  let which = 0; // of the noises
  const picture = make("canvas", { class: "pixels main", role: "img", "aria-label": "The generated image of these codes" });
  const controls = data.codes.map((code) =>
    slider({
      label: code.name, min: code.low, max: code.high, step: code.values ? 1 : (code.high - code.low) / 40, value: code.start,
      role: "generator", show: (v) => (code.values ? String(v) : fixed(v, 2)), input: draw,
    }));
  const other = make("button", { click: () => { which = (which + 1) % data.noises.length; draw(); } }, "Other noise");
  const bars = (data.reader?.names ?? []).map((name) => {
    const fill = make("div", { style: "height:100%;background:var(--discriminator);border-radius:3px" });
    const value = make("output", { style: "font-variant-numeric:tabular-nums;text-align:right" });
    const element = make("div", { class: "bar", style: "display:grid;grid-template-columns:7.5em 1fr 3em;gap:8px;align-items:center;font-size:13px;line-height:1.5" },
      make("span", {}, name), make("div", { style: "height:10px;background:var(--rule);border-radius:3px" }, fill), value);
    return { element, set: (share, text) => { fill.style.width = `${100 * Math.min(1, Math.max(0, share))}%`; value.textContent = text; } };
  });
  const note = make("p", { class: "note", role: "status" });
  root.append(
    ...taskLine(data.task),
    make("div", { class: "columns two" },
      make("div", {}, picture, make("div", { class: "buttons", style: "margin-top:8px;justify-content:center" }, other)),
      make("div", {}, make("p", { class: "note" }, data.reading), ...bars.map((bar) => bar.element))),
    make("div", { class: "controls", style: "margin-top:10px" }, ...controls.map((c) => c.element)),
    note,
  );

  /** What the generator is fed with: the codes in their places, a categorical one as a one, then the noise. */
  function latent() {
    const z = Float32Array.from(data.noises[which]);
    data.codes.forEach((code, k) => {
      if (code.values) for (let v = 0; v < code.values; v++) z[code.at + v] = v === controls[k].value - 1 ? 1 : 0;
      else z[code.at] = controls[k].value;
    });
    return z;
  }

  function draw() {
    const { pixels, side } = generate(layers, latent());
    const area = side * side;
    const colours = pixels.length / area;
    const image = new ImageData(side, side);
    for (let i = 0; i < area; i++) {
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = Math.round(127.5 * (pixels[(colours === 3 ? k : 0) * area + i] + 1));
      image.data[4 * i + 3] = 255;
    }
    picture.width = picture.height = side;
    picture.getContext("2d").putImageData(image, 0, 0);
    if (!reader) return;
    const said = readImage(reader, pixels, side);
    if (data.reader.kind === "classes") {
      const shares = softmax(said);
      shares.forEach((share, k) => bars[k].set(share, `${Math.round(100 * share)} %`));
      const best = shares.indexOf(Math.max(...shares));
      note.textContent = `The classifier reads “${data.reader.names[best]}” (${Math.round(100 * shares[best])} %).`;
    } else {
      data.reader.ranges.forEach(([low, high, binary], k) => {
        const value = binary ? 1 / (1 + Math.exp(-said[k])) : (said[k] - low) / (high - low);
        bars[k].set(value, fixed(binary ? value : said[k], 2));
      });
    }
  }

  draw();
  onAppearance(root, draw);
}
