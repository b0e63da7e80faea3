"use strict";
// The parts that every lab shares: elements, labelled controls, readings, and drawing again when the page changes.

/** Make an element: make("p", { class: "note" }, "text", child). Functions among the attributes become listeners. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** A labelled slider that shows its value in words. The label belongs to it, so screen readers say both. */
function slider({ label, min, max, step, value, show = String, role = "", input }) {
  const output = make("output");
  const range = make("input", { type: "range", min, max, step, value });
  const refresh = () => {
    output.textContent = show(Number(range.value));
    range.setAttribute("aria-valuetext", output.textContent);
  };
  range.addEventListener("input", () => {
    refresh();
    input(Number(range.value));
  });
  refresh();
  const element = make("label", { class: `control ${role}` }, make("span", { class: "caption" }, label, output), range);
  return {
    element,
    get value() {
      return Number(range.value);
    },
    set value(number) {
      range.value = number;
      refresh();
    },
  };
}

function choice({ label, options, value, change }) {
  const select = make("select", { change: () => change(select.value) });
  for (const option of options) select.append(make("option", { value: option, selected: option === value }, option));
  const element = make("label", { class: "control" }, make("span", { class: "caption" }, label), select);
  return { element, get value() { return select.value; }, set value(option) { select.value = option; } };
}

function check({ label, value, change }) {
  const box = make("input", { type: "checkbox", checked: value, change: () => change(box.checked) });
  return { element: make("label", { class: "check" }, box, label), get value() { return box.checked; } };
}

/** Named numbers that change: readings({ step: "step" }) gives { element, set({ step: "12" }) }. */
function readings(names) {
  const cells = {};
  const element = make("dl", { class: "readings" });
  for (const [key, name] of Object.entries(names)) {
    cells[key] = make("dd");
    element.append(make("div", {}, make("dt", {}, name), cells[key]));
  }
  return { element, set: (values) => Object.entries(values).forEach(([key, text]) => (cells[key].textContent = text)) };
}

/** The words of a live region: read aloud where the figure rests, and not at every frame where it moves. */
function announce(element, text, moving) {
  const live = moving ? "off" : "polite";
  if (element.getAttribute("aria-live") === live && element.textContent === text) return;
  element.setAttribute("aria-live", live);
  element.textContent = text;
}

/**
 * A button that trains until it is pressed again: `frame` makes the steps between two drawings, draws, and returns
 * whether there are more; `rest` draws where training has stopped. wait: milliseconds until the next frame, 0 for at once.
 */
function trainButton({ frame, rest, wait = () => 0 }) {
  let running = false, next = 0, waiting = 0;
  const element = make("button", { class: "primary", click: toggle }, "Train");

  function toggle() {
    running = !running;
    element.textContent = running ? "Pause" : "Train";
    // else Pause and Train before the next frame would train twice as fast
    clearTimeout(waiting);
    cancelAnimationFrame(next);
    if (running) next = requestAnimationFrame(loop);
    else rest();
  }

  function loop() {
    if (!running) return;
    if (!frame()) toggle();
    else if (wait() > 0) waiting = setTimeout(loop, wait());
    else next = requestAnimationFrame(loop);
  }

  return { element, get running() { return running; } };
}

/** What the reader is asked to do, when the chapter asks something. */
function taskLine(text) {
  return text ? [make("p", { class: "task" }, make("b", {}, "Try this. "), text)] : [];
}

/** A key of roles: legend([["data", "dot", "data"], ["generator", "line", "generated"]]). */
function legend(entries) {
  const shapes = {
    line: (role) => `<path class="curve ${role}" d="M0 6H24"/>`,
    dot: (role) => `<circle class="dot ${role}" cx="12" cy="6" r="4"/>`,
    triangle: (role) => `<path class="dot ${role}" d="M12 1l5 10h-10z"/>`,
  };
  const element = make("div", { class: "legend" });
  for (const [role, shape, text] of entries) {
    const item = make("span");
    item.innerHTML = `<svg aria-hidden="true">${shapes[shape](role)}</svg>`;
    item.append(text);
    element.append(item);
  }
  return element;
}

/** The colour of a role in the present theme, for canvases (SVG follows the style sheet by itself). */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** On a telephone a table may scroll: the keyboard must reach it. */
function reachTables(root) {
  for (const table of root.querySelectorAll("table")) {
    if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
    else table.removeAttribute("tabindex");
  }
}

/** Call `draw` whenever the lab's width, the colour scheme or the enclosing page's theme changes. */
function onAppearance(root, draw) {
  let width = 0;
  new ResizeObserver(() => {
    if (root.clientWidth !== width) {
      width = root.clientWidth;
      draw();
      reachTables(root);
    }
  }).observe(root);
  reachTables(root); // also where nothing is drawn yet, since the lab is far from the screen
  for (const table of root.querySelectorAll("table")) {
    const changes = { childList: true, characterData: true, subtree: true };
    new MutationObserver(() => reachTables(root)).observe(table, changes); // longer numbers may not fit
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  // a book with a theme switch of its own may tell the lab: frame.contentWindow.postMessage({ theme: "dark" }, "*")
  addEventListener("message", (event) => {
    if (event.data && ["light", "dark"].includes(event.data.theme)) {
      document.documentElement.dataset.theme = event.data.theme;
      draw();
    }
  });
}

/** A number with a true minus sign and a fixed number of digits. */
function fixed(value, digits = 3) {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}
