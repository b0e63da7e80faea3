"use strict";
// Plays walks through a latent space: each a sheet of pictures, a row for each moment and a column for each face.

/** Which row of the sheet a moment shows: walks go round. */
function rowAt(moment, frames) {
  return ((Math.floor(moment) % frames) + frames) % frames;
}

function mountWalks(root, settings) {
  const { walks, frames, faces, width, height } = settings;
  const sheets = walks.map(({ sheet }) => {
    const image = new Image();
    image.addEventListener("load", () => draw());
    image.src = sheet;
    return image;
  });
  let chosen = 0;
  let moment = 0;
  let timer = 0;
  const canvas = make("canvas", { class: "pixels main", width: faces * width, height, role: "img", style: "max-width:none" });
  const picker = choice({
    label: "what changes", options: walks.map(({ name }) => name), value: walks[0].name,
    change: (name) => { chosen = walks.findIndex((walk) => walk.name === name); draw(); },
  });
  const place = slider({
    label: "along the walk", min: 0, max: frames - 1, step: 1, value: 0, show: (v) => `${v + 1} of ${frames}`,
    input: (v) => { stop(); moment = v; draw(); },
  });
  const button = make("button", { class: "primary", type: "button", click: () => (timer ? stop() : play()) }, "Play");
  root.append(
    ...taskLine(settings.task),
    canvas,
    make("div", { class: "controls", style: "margin-top:10px" }, picker.element, place.element),
    make("div", { class: "buttons", style: "margin-top:8px" }, button),
  );

  function play() {
    button.textContent = "Pause";
    timer = setInterval(() => { moment = rowAt(moment + 1, frames); place.value = moment; draw(); }, 120);
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    button.textContent = "Play";
  }

  function draw() {
    const sheet = sheets[chosen];
    canvas.setAttribute("aria-label", `${faces} generated faces; ${walks[chosen].name} change along the walk`);
    if (!sheet.complete) return;
    canvas.getContext("2d").drawImage(sheet, 0, rowAt(moment, frames) * height, faces * width, height, 0, 0, faces * width, height);
  }

  draw();
  onAppearance(root, draw);
}
