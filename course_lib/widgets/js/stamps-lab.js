"use strict";
// Stamps of a transposed convolution: a bar for each input, the counts below, and the counts of an image.

function mountStamps(root, settings) {
  const { inputs, kernels, strides } = settings;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("role", "img");
  const image = make("canvas", { class: "pixels", role: "img", width: 1, height: 1 });
  const kernel = slider({ label: "kernel K", min: kernels[0], max: kernels[1], step: 1, value: settings.kernel, role: "generator", input: draw });
  const stride = slider({ label: "stride s", min: strides[0], max: strides[1], step: 1, value: settings.stride, role: "generator", input: draw });
  const padding = slider({
    label: "padding p", min: 0, max: kernels[1] - 1, step: 1, value: settings.padding, role: "generator",
    show: (p) => (kernel && p > kernel.value - 1 ? `${p} (only ${kernel.value - 1} with this kernel)` : String(p)), input: draw,
  });
  const note = make("p", { class: "note", role: "status" });
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "controls" }, kernel.element, stride.element, padding.element),
    make("div", { class: "columns two main", style: "margin-top:10px" }, make("div", {}, svg, note),
      make("figure", { style: "margin:0" }, image, make("figcaption", {}, "In an image: the brighter, the more inputs reach the pixel."))),
  );

  function draw() {
    padding.value = padding.value; // its words depend on the kernel
    const [K, s] = [kernel.value, stride.value];
    const p = Math.min(padding.value, K - 1);
    const counts = overlaps(inputs, K, s, p);
    drawStamps(K, s, p, counts);
    drawImage(counts);
    note.textContent = `${inputs} inputs become ${counts.length} outputs. ${stampsText(K, s)}`;
    svg.setAttribute("aria-label", `Stamps over the outputs; counts ${counts.join(", ")}`);
    image.setAttribute("aria-label", `Counts in an image of ${counts.length} by ${counts.length} pixels`);
  }

  function drawStamps(K, s, p, counts) {
    const width = Math.max(240, svg.clientWidth || 320);
    const cell = Math.min(26, width / counts.length);
    const row = 20;
    const rows = Array.from({ length: inputs }, (_, i) => {
      const [from, to] = [Math.max(0, s * i - p), Math.min(counts.length, s * i - p + K)];
      const bar = `<rect class="dot generator" opacity="0.7" x="${(from * cell + 1).toFixed(1)}" y="${i * row + 3}" width="${Math.max(0, (to - from) * cell - 2).toFixed(1)}" height="${row - 6}"/>`;
      return to > from ? bar : "";
    });
    const base = inputs * row;
    const numbers = counts.map((n, j) =>
      `<path class="rule" d="M${(j * cell).toFixed(1)} 0V${base}"/><text x="${((j + 0.5) * cell).toFixed(1)}" y="${base + 17}" text-anchor="middle">${n}</text>`);
    svg.setAttribute("viewBox", `0 0 ${width} ${base + 24}`);
    svg.style.height = `${base + 24}px`;
    svg.style.width = "100%";
    svg.innerHTML = numbers.join("") + rows.join("");
  }

  function drawImage(counts) {
    const side = counts.length;
    const most = Math.max(1, ...counts) ** 2;
    image.width = image.height = side;
    image.style.width = "100%";
    const context = image.getContext("2d");
    const picture = context.createImageData(side, side);
    counts.forEach((a, i) => counts.forEach((b, j) => {
      const grey = Math.round((255 * a * b) / most);
      picture.data.set([grey, grey, grey, 255], 4 * (i * side + j));
    }));
    context.putImageData(picture, 0, 0);
  }

  draw();
  onAppearance(root, draw);
}
