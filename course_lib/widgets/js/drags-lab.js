"use strict";
// A handle of a face that the reader drags to one of some targets; the drags were computed beforehand.

/** The number of the target that is nearest to a place. */
function nearestTarget(targets, x, y) {
  let best = 0;
  targets.forEach(([tx, ty], i) => {
    const [bx, by] = targets[best];
    if ((tx - x) ** 2 + (ty - y) ** 2 < (bx - x) ** 2 + (by - y) ** 2) best = i;
  });
  return best;
}

/** What the figure says in words: distances in pixels. */
function dragText(target, seen, known) {
  const far = ([x, y]) => Math.hypot(x - target[0], y - target[1]);
  const apart = Math.hypot(seen[0] - known[0], seen[1] - known[1]);
  return `To the target: ${far(known).toFixed(1)} pixels by the judge, ${far(seen).toFixed(1)} by tracking. ` +
    `Judge and tracking are ${apart.toFixed(1)} pixels apart.`;
}

const DRAG_SCALE = 8; // canvas pixels for each pixel of the face

function mountDrags(root, settings) {
  const { faces, moments, width, height } = settings;
  const sheets = faces.map(({ sheet }) => {
    const image = new Image();
    image.addEventListener("load", () => draw());
    image.src = sheet;
    return image;
  });
  let face = 0;
  let target = nearestTarget(faces[0].targets, width, height / 2);
  let moment = moments - 1;
  const canvas = make("canvas", {
    class: "main", width: width * DRAG_SCALE, height: height * DRAG_SCALE, role: "img", tabindex: "0",
    style: "width:256px;max-width:100%;height:auto;touch-action:none;cursor:crosshair",
  });
  const said = make("p", { class: "note", "aria-live": "polite" }, "");
  const picker = choice({
    label: "face and handle", options: faces.map(({ name }) => name), value: faces[0].name,
    change: (name) => { face = faces.findIndex((f) => f.name === name); draw(); },
  });
  const along = slider({
    label: "along the drag", min: 0, max: moments - 1, step: 1, value: moment,
    show: (v) => `${v} of ${moments - 1}`, input: (v) => { moment = v; draw(); },
  });
  root.append(
    ...taskLine(settings.task),
    make("div", { class: "controls" }, picker.element, along.element),
    make("div", { style: "margin-top:10px" }, canvas),
    said,
    make("p", { class: "note" }, "Ring: the target. Dot: where tracking sees the handle. Square: where the judge has it."),
  );

  let held = false;
  function point(event) {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width - 0.5;
    const y = ((event.clientY - box.top) / box.height) * height - 0.5;
    target = nearestTarget(faces[face].targets, x, y);
    moment = moments - 1;
    along.value = moment;
    draw();
  }
  canvas.addEventListener("pointerdown", (event) => { held = true; canvas.setPointerCapture(event.pointerId); point(event); });
  canvas.addEventListener("pointermove", (event) => { if (held) point(event); });
  canvas.addEventListener("pointerup", () => { held = false; });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const { targets } = faces[face];
    const [x, y] = targets[target];
    for (let reach = 1; reach < width; reach += 0.5) {
      const next = nearestTarget(targets, x + reach * step[0], y + reach * step[1]);
      if (next !== target) { target = next; break; }
    }
    draw();
  });

  function mark([x, y], name, shape) {
    const context = canvas.getContext("2d");
    const [cx, cy] = [(x + 0.5) * DRAG_SCALE, (y + 0.5) * DRAG_SCALE];
    for (const [line, ink] of [[6, "#ffffff"], [3, colour(name)]]) {
      context.lineWidth = line;
      context.strokeStyle = ink;
      context.beginPath();
      if (shape === "ring") context.arc(cx, cy, 9, 0, 7);
      if (shape === "dot") context.arc(cx, cy, 3.5, 0, 7);
      if (shape === "square") context.rect(cx - 6, cy - 6, 12, 12);
      context.stroke();
    }
  }

  function draw() {
    const chosen = faces[face];
    const seen = chosen.seen[target][moment];
    const known = chosen.known[target][moment];
    const text = dragText(chosen.targets[target], seen, known);
    canvas.setAttribute("aria-label", `${chosen.name}. ${text}`);
    said.textContent = text;
    const sheet = sheets[face];
    if (!sheet.complete) return;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(sheet, moment * width, target * height, width, height, 0, 0, width * DRAG_SCALE, height * DRAG_SCALE);
    chosen.targets.forEach(([x, y]) => {
      context.fillStyle = "rgba(255,255,255,0.65)";
      context.fillRect((x + 0.5) * DRAG_SCALE - 1, (y + 0.5) * DRAG_SCALE - 1, 2, 2);
    });
    mark(chosen.targets[target], "theory", "ring");
    mark(known, "data", "square");
    mark(seen, "generator", "dot");
  }

  draw();
  onAppearance(root, draw);
}
