// @ts-check
// An example: a number that is written stroke by stroke.

import { pause } from "./timing.js";

const DIGITS = [
  [[50, 0, 10, 25, 5, 65, 40, 100, 80, 80, 90, 35, 65, 5, 45, 2]],
  [[5, 35, 28, 20, 48, 0, 47, 50, 45, 100]],
  [[5, 25, 40, 0, 85, 20, 60, 60, 5, 100, 50, 95, 100, 95]],
  [[5, 10, 50, 0, 85, 20, 40, 45, 90, 70, 50, 100, 0, 90]],
  [[50, 0, 15, 40, 5, 60, 50, 60, 95, 58], [75, 30, 73, 65, 70, 100]],
  [[20, 0, 15, 20, 10, 42, 60, 40, 85, 70, 50, 100, 0, 92], [20, 2, 55, 2, 90, 0]],
  [[70, 0, 25, 35, 5, 75, 40, 100, 80, 80, 55, 55, 10, 75]],
  [[0, 5, 40, 5, 85, 2, 55, 45, 30, 100]],
  [[80, 10, 40, 0, 10, 20, 50, 50, 85, 80, 40, 100, 5, 75, 50, 48, 85, 10]],
  [[80, 20, 45, 0, 10, 20, 30, 48, 75, 30, 80, 12, 76, 55, 60, 100]],
];
const NUMBERS = ["2026", "314", "1789", "50"];
const STEPS = 7; // interpolated points between two points of a digit
const STEP_MS = 9; // between two interpolated points

let turn = 0;

/** Write the next number on an empty drawing.
 * @param {import("./drawing.js").Drawing} drawing */
export async function writeExample(drawing) {
  const number = NUMBERS[turn++ % NUMBERS.length];
  const { width, height } = drawing.size;
  const wide = Math.min((0.8 * width) / number.length / 1.4, 0.36 * height);
  const left = (width - wide * (1.4 * number.length - 0.4)) / 2;
  const top = (height - 1.5 * wide) / 2;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  for (const [index, digit] of [...number].entries()) {
    for (const stroke of DIGITS[Number(digit)]) {
      const lean = (/** @type {number} */ y) => (0.5 - y) * 0.18; // handwriting leans
      /** @type {[number, number][]} */
      const points = curve(stroke).map(([x, y]) => [
        left + wide * (1.4 * index + x + lean(y)),
        top + wide * (1.5 * y + 0.06 * ((index * 7) % 3)),
      ]);
      if (!(await trace(drawing, points, still))) return;
    }
  }
}

/** Draw along points at the pace of a pen; returns false if the user clears the paper or writes meanwhile.
 * @param {import("./drawing.js").Drawing} drawing @param {[number, number][]} points @param {boolean} still */
async function trace(drawing, points, still) {
  const stroke = drawing.begin(...points[0]);
  for (const point of points.slice(1)) {
    if (!still) await pause(STEP_MS);
    if (!drawing.isLast(stroke)) return false;
    drawing.extend(...point);
  }
  drawing.end();
  return true;
}

/** A smooth curve (Catmull and Rom's) through x, y, x, y, … in hundredths.
 * @param {number[]} numbers */
function curve(numbers) {
  /** @type {[number, number][]} */
  const points = [];
  for (let at = 0; at < numbers.length; at += 2) points.push([numbers[at] / 100, numbers[at + 1] / 100]);
  const through = [points[0]];
  for (let index = 0; index < points.length - 1; index++) {
    const [a, b, c, d] = [-1, 0, 1, 2].map((step) => points[Math.min(points.length - 1, Math.max(0, index + step))]);
    for (let step = 1; step <= STEPS; step++) {
      const t = step / STEPS;
      const mix = (/** @type {number} */ i) =>
        b[i] +
        0.5 * t * (c[i] - a[i] + t * (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i] + t * (3 * (b[i] - c[i]) + d[i] - a[i])));
      through.push([mix(0), mix(1)]);
    }
  }
  return through;
}
