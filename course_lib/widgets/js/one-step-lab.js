"use strict";
// The lab around OneStepStudent: samples on the plane, the width of their clusters over the steps, teacher and weight.

const ONE_STEP_WEIGHTS = [0, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3];

/** What the figure says in words. */
function oneStepText(steps, std, teacherStd, dataStd) {
  const say = (value) => value.toFixed(2);
  if (!steps) return "Press Train. Teacher and weight may be changed while it runs.";
  return `After ${steps} step${steps === 1 ? "" : "s"} the clusters are ${say(std)} wide; the data's are ${say(dataStd)}, the teacher's ${say(teacherStd)}.`;
}

function mountOneStep(root, settings) {
  const { teachers, dataStd, seed } = settings;
  const shown = 200; // points drawn of each kind
  const perFrame = 2; // steps between two drawings, so that the eye can follow
  const most = 3000; // steps at which training pauses by itself
  const data = { means: ring, std: dataStd };
  let student, history, pulls;

  const plane = new Plane({ description: "" });
  const width = new Plot({
    height: 210, title: "Width of the student's clusters", x: { min: 0, max: 300, label: "step" }, y: { min: 0, max: 1 },
    description: "Standard deviation of the student's clusters against the step, with the data's and the teacher's",
  });
  const numbers = readings({ step: "step", std: "width", reached: "clusters reached", matching: "pull of matching", adversarial: "pull of D" });
  const status = make("p", { class: "note", role: "status" });
  const teacher = choice({ label: "teacher", options: Object.keys(teachers), value: settings.teacher, change: draw });
  const weight = slider({
    label: "weight of the adversarial term", role: "discriminator", min: 0, max: ONE_STEP_WEIGHTS.length - 1, step: 1,
    value: ONE_STEP_WEIGHTS.indexOf(settings.weight), show: (v) => String(ONE_STEP_WEIGHTS[v]), input: draw,
  });
  const play = trainButton({ frame: () => { advance(perFrame); return student.steps < most; }, rest: draw });
  const buttons = make("div", { class: "buttons", style: "margin-top:10px" }, play.element,
    make("button", { click: () => advance(1) }, "One step"), make("button", { click: reset }, "Reset"));

  root.append(
    ...taskLine(settings.task),
    make("div", { class: "columns two" },
      make("div", {}, make("div", { class: "main" }, plane.element), legend([["data", "dot", "data"], ["generator", "triangle", "student"]]), buttons),
      make("div", {}, width.element, status)),
    make("div", { class: "columns", style: "margin-top:10px" },
      make("div", { class: "controls" }, weight.element, teacher.element), numbers.element),
  );

  const random = makeRandom(11); // fixed draws: points glide instead of flickering
  const clusters = Array.from({ length: shown }, (_, i) => i % ring.length);
  const normal = normals(random, 2 * shown);
  const reference = Float64Array.from({ length: 2 * shown }, (_, i) => ring[clusters[i >> 1]][i % 2] + dataStd * random.normal());

  function reset() {
    student = new OneStepStudent(data, seed);
    history = [[0, student.std]];
    pulls = { matching: 0, adversarial: 0 };
    draw();
  }

  function advance(count) {
    for (let i = 0; i < count; i++) {
      pulls = student.step({ means: ring, std: teachers[teacher.value] }, ONE_STEP_WEIGHTS[weight.value]);
      history.push([student.steps, student.std]);
    }
    draw();
  }

  function draw() {
    const teacherStd = teachers[teacher.value];
    const samples = Float64Array.from({ length: 2 * shown }, (_, i) => student.means[clusters[i >> 1]][i % 2] + student.std * normal[i]);
    const text = oneStepText(student.steps, student.std, teacherStd, dataStd);
    plane.start();
    plane.points(reference, "data");
    plane.points(samples, "generator");
    plane.axes();
    plane.element.setAttribute("aria-label", `Data and the student's samples on the plane. ${text}`);
    width.x.max = Math.max(300, student.steps);
    width.draw([
      { kind: "level", role: "data", ys: dataStd, name: `data, ${dataStd}` },
      { kind: "level", role: "theory", ys: teacherStd, name: `teacher, ${teacherStd}` },
      { kind: "curve", role: "generator", xs: history.map(([step]) => step), ys: history.map(([, std]) => std), name: "student" },
    ]);
    numbers.set({
      step: String(student.steps), std: fixed(student.std, 3), reached: `${student.reached} of ${ring.length}`,
      matching: student.steps ? fixed(pulls.matching, 2) : "–", adversarial: student.steps ? fixed(pulls.adversarial, 2) : "–",
    });
    announce(status, text, play.running);
  }

  reset();
  onAppearance(root, draw);
  return { get student() { return student; }, advance };
}
