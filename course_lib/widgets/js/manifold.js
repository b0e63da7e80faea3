"use strict";
// Precision, recall, density and coverage of points in the plane, by balls that reach a point's k-th nearest neighbour.
// Points are [x, y]; the formulas and their order of arguments are those of `evaluation.manifold`.

const BALL_SLACK = 1e-9; // a neighbour that defines a radius lies on its surface, on whichever side rounding puts it

const squaredDistance = ([x, y], [u, v]) => (x - u) ** 2 + (y - v) ** 2;

/** Squared radius of each point's ball: the distance to its k-th nearest other point. */
function squaredRadii(points, k) {
  return points.map((point, i) => {
    const others = points.filter((_, j) => j !== i).map((other) => squaredDistance(point, other));
    return others.sort((a, b) => a - b)[k - 1] * (1 + BALL_SLACK);
  });
}

/** For each of `points`, in how many of the balls it lies. */
function ballsAround(points, centres, radii) {
  return points.map((point) => centres.filter((centre, i) => squaredDistance(point, centre) <= radii[i]).length);
}

/** All four measures, with k neighbours for precision and recall and densityK for density and coverage. */
function fidelity(generated, real, k = 3, densityK = 5) {
  const share = (counts) => counts.filter((count) => count > 0).length / counts.length;
  const wide = squaredRadii(real, densityK);
  const held = ballsAround(generated, real, wide);
  return {
    precision: share(ballsAround(generated, real, squaredRadii(real, k))),
    recall: share(ballsAround(real, generated, squaredRadii(generated, k))),
    density: held.reduce((sum, count) => sum + count, 0) / (densityK * generated.length),
    coverage: share(real.map((centre, i) => generated.filter((point) => squaredDistance(point, centre) <= wide[i]).length)),
  };
}
