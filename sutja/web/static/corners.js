// @ts-check
// Boxes of digits and strokes, and the corners of numbers: top left, top right, bottom right, bottom left.

/** The corners of an upright box.
 * @param {Spot} box @returns {Corner[]} */
export const cornersOf = ({ left, top, right, bottom }) =>
  [[left, top], [right, top], [right, bottom], [left, bottom]]; // prettier-ignore

/** The middle between corners.
 * @param {Corner[]} corners @returns {Corner} */
export function middleOf(corners) {
  const [x, y] = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis] / corners.length, 0));
  return [x, y];
}

/** Whether a point is in a box.
 * @param {Corner} point @param {Spot} box */
export const isInside = ([x, y], { left, top, right, bottom }) => x > left && x < right && y > top && y < bottom;

/** The length of the sides, the upper and the left one, and the angle of the upper and lower one in radians.
 * @param {Corner[]} corners */
export function sidesOf([a, b, c, d]) {
  const angle = Math.atan2(b[1] + c[1] - a[1] - d[1], b[0] + c[0] - a[0] - d[0]);
  return { wide: Math.hypot(b[0] - a[0], b[1] - a[1]), tall: Math.hypot(d[0] - a[0], d[1] - a[1]), angle };
}

/** The upright box around corners.
 * @param {Corner[]} corners @param {number} scale */
export const edges = (corners, scale) => around(corners.map(([x, y]) => new DOMRect(x * scale, y * scale)));

/** The box around several.
 * @param {Spot[]} boxes @returns {Spot} */
export function around(boxes) {
  const [left, top] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top))];
  const [right, bottom] = [Math.max(...boxes.map((box) => box.right)), Math.max(...boxes.map((box) => box.bottom))];
  return new DOMRect(left, top, right - left, bottom - top);
}
