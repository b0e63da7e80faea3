"use strict";
// A function known on a grid, as a smooth surface, and gradient descent on it.

/** Weights of the four nodes around a place t in [0, 1] of a cell (Catmull and Rom), and their slopes. */
function catmullRom(t) {
  const [u, v] = [t * t, t * t * t];
  return {
    weights: [(-v + 2 * u - t) / 2, (3 * v - 5 * u + 2) / 2, (-3 * v + 4 * u + t) / 2, (v - u) / 2],
    slopes: [(-3 * u + 4 * t - 1) / 2, (9 * u - 10 * t) / 2, (-9 * u + 8 * t + 1) / 2, (3 * u - 2 * t) / 2],
  };
}

/**
 * surface = { values: rows from below to above, each from left to right; reach: the square is [-reach, reach]² }.
 * Returns the value at a point and its slope. Outside of the square the nearest place of its edge counts.
 */
function surfaceAt(surface, [x, y]) {
  const { values, reach } = surface;
  const last = values.length - 1;
  const place = (c) => {
    const at = Math.min(last, Math.max(0, ((c + reach) / (2 * reach)) * last));
    const cell = Math.min(last - 1, Math.floor(at));
    return [cell, catmullRom(at - cell)];
  };
  const [column, across] = place(x);
  const [row, up] = place(y);
  // beyond the edge a straight line goes on: the parabola through an edge's nodes would need three
  const node = (r, c) => {
    const inside = (k) => Math.min(last, Math.max(0, k));
    const [ri, ci] = [inside(r), inside(c)];
    if (r !== ri) return 2 * node(ri, c) - node(2 * ri - r, c);
    if (c !== ci) return 2 * node(r, ci) - node(r, 2 * ci - c);
    return values[r][c];
  };
  let [value, dx, dy] = [0, 0, 0];
  for (let j = 0; j < 4; j++) {
    for (let i = 0; i < 4; i++) {
      const v = node(row + j - 1, column + i - 1);
      value += up.weights[j] * across.weights[i] * v;
      dx += up.weights[j] * across.slopes[i] * v;
      dy += up.slopes[j] * across.weights[i] * v;
    }
  }
  const unit = last / (2 * reach); // nodes a unit of length
  return { value, slope: [dx * unit, dy * unit] };
}

/** The path of descent with momentum from a start: points, each within the square, and their values. */
function descendSurface(surface, start, rate, steps, momentum = 0) {
  const inside = (c) => Math.min(surface.reach, Math.max(-surface.reach, c));
  let point = start.map(inside);
  let speed = [0, 0];
  const points = [point];
  const values = [surfaceAt(surface, point).value];
  for (let step = 0; step < steps; step++) {
    const { slope } = surfaceAt(surface, point);
    speed = speed.map((s, k) => momentum * s - rate * slope[k]);
    point = point.map((c, k) => inside(c + speed[k]));
    points.push(point);
    values.push(surfaceAt(surface, point).value);
  }
  return { points, values };
}
