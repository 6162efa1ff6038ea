// @ts-check
// Boxes of digits and strokes, and the corners of numbers: top left, top right, bottom right, bottom left.

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

/** The length of the sides, the upper and the left one, and the angle of the upper and lower one in radians.
 * @param {Corner[]} corners */
export function sidesOf([a, b, c, d]) {
  const angle = Math.atan2(b[1] + c[1] - a[1] - d[1], b[0] + c[0] - a[0] - d[0]);
  return { wide: Math.hypot(b[0] - a[0], b[1] - a[1]), tall: Math.hypot(d[0] - a[0], d[1] - a[1]), angle };
}

/** Corners moved outwards along the sides of a quadrilateral.
 * @param {Corner[]} corners @param {number} by @returns {Corner[]} */
export function padded(corners, by) {
  const { angle } = sidesOf(corners);
  const [right, down] = [by * Math.cos(angle), by * Math.sin(angle)];
  const ways = [[-1, -1], [1, -1], [1, 1], [-1, 1]]; // prettier-ignore
  return corners.map(([x, y], at) => {
    const [across, along] = ways[at];
    return [x + across * right - along * down, y + across * down + along * right];
  });
}

/** The upright box around corners.
 * @param {Corner[]} corners @param {number} scale */
export const edges = (corners, scale) => around(corners.map(([x, y]) => edgesAt(x * scale, y * scale)));

/** The edges of a point, or of a blot around it.
 * @param {number} x @param {number} y @returns {Edges} */
export const edgesAt = (x, y, radius = 0) => ({ left: x - radius, top: y - radius, right: x + radius, bottom: y + radius });

/** The box around several.
 * @param {Edges[]} boxes */
export const around = (boxes) =>
  boxes.reduce((one, other) => ({
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  }));
