// @ts-check
// The corners of digits, numbers and parts of a picture: top left, top right, bottom right, bottom left.

/** The corners of an upright box.
 * @param {Spot} box @returns {Corner[]} */
export function cornersOf({ left, top, width, height }) {
  const [right, bottom] = [left + width, top + height];
  return [[left, top], [right, top], [right, bottom], [left, bottom]]; // prettier-ignore
}

/** The middle between corners.
 * @param {Corner[]} corners @returns {Corner} */
export function middleOf(corners) {
  const [x, y] = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis] / corners.length, 0));
  return [x, y];
}

/** Whether the middle of corners is in a box.
 * @param {Corner[]} corners @param {Spot} box */
export function isInside(corners, { left, top, width, height }) {
  const [x, y] = middleOf(corners);
  return x > left && x < left + width && y > top && y < top + height;
}

/** The upright box around corners.
 * @param {Corner[]} corners @param {number} scale @returns {Edges} */
export function edges(corners, scale) {
  const [x, y] = [0, 1].map((axis) => corners.map((corner) => corner[axis] * scale));
  return { left: Math.min(...x), top: Math.min(...y), right: Math.max(...x), bottom: Math.max(...y) };
}

/** Corners moved outwards along the sides of a quadrilateral.
 * @param {Corner[]} corners @param {number} by @returns {Corner[]} */
export function padded([a, b, c, d], by) {
  const [x, y] = [b[0] + c[0] - a[0] - d[0], b[1] + c[1] - a[1] - d[1]];
  const length = Math.hypot(x, y) || 1;
  const [right, down] = [(by * x) / length, (by * y) / length];
  return [
    [a[0] - right + down, a[1] - down - right],
    [b[0] + right + down, b[1] + down - right],
    [c[0] + right - down, c[1] + down + right],
    [d[0] - right - down, d[1] - down + right],
  ];
}
