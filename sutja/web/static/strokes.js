// @ts-check
// Strokes of a pen: how they are drawn, where they lie, how tall the writing is.
// A stroke is a list of points {x, y, width} in pixels of the page.

/** What draws on a canvas: every canvas of the page is for drawing in two dimensions.
 * @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2DSettings} [settings] */
export function drawingOn(canvas, settings) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", settings));
}

/** Draw a whole stroke.
 * @param {CanvasRenderingContext2D} context @param {Stroke} points */
export function drawStroke(context, points) {
  points.forEach((_, index) => drawStep(context, points, index));
}

/** Draw what the point at `index` adds to its stroke: a curve through the middles between points, and on to its tip.
 * @param {CanvasRenderingContext2D} context @param {Stroke} points @param {number} index */
export function drawStep(context, points, index) {
  const tip = points[index];
  const before = points[index - 1] ?? tip;
  const start = points[index - 2] ? middle(points[index - 2], before) : before;
  const end = middle(before, tip);
  context.lineWidth = (before.width + tip.width) / 2;
  context.beginPath();
  context.moveTo(start.x, start.y);
  context.quadraticCurveTo(before.x, before.y, end.x, end.y);
  context.lineTo(tip.x, tip.y);
  context.stroke();
}

/** @type {(a: Point, b: Point) => {x: number, y: number}} */
const middle = (a, b) => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

/** The box around a stroke's ink.
 * @param {Stroke} points @returns {Edges} */
export function strokeBox(points) {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y, width } of points) {
    box.left = Math.min(box.left, x - width / 2);
    box.top = Math.min(box.top, y - width / 2);
    box.right = Math.max(box.right, x + width / 2);
    box.bottom = Math.max(box.bottom, y + width / 2);
  }
  return box;
}

/** The box around several boxes.
 * @param {Edges[]} boxes @returns {Edges} */
export function around(boxes) {
  return {
    left: Math.min(...boxes.map((box) => box.left)),
    top: Math.min(...boxes.map((box) => box.top)),
    right: Math.max(...boxes.map((box) => box.right)),
    bottom: Math.max(...boxes.map((box) => box.bottom)),
  };
}

/** How tall the signs are: those whose boxes touch are one, and most of them are no taller than this.
 * @param {Edges[]} boxes */
export function usualHeight(boxes) {
  /** @type {Edges[]} */
  const signs = [];
  for (const box of boxes) {
    let sign = box;
    for (let index = signs.length - 1; index >= 0; index--) {
      if (touch(signs[index], sign)) sign = around([sign, ...signs.splice(index, 1)]);
    }
    signs.push(sign);
  }
  const heights = signs.map((sign) => Math.max(sign.bottom - sign.top, (sign.right - sign.left) / 2));
  heights.sort((a, b) => a - b);
  return heights[Math.floor(heights.length * 0.75)];
}

/** @type {(a: Edges, b: Edges) => boolean} */
const touch = (a, b) => a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
