// @ts-check
// Outlines around the digits or numbers on the page, labelled with what was read.

import { certainty, shown } from "./digit.js";
import { drawingOn } from "./strokes.js";

const PADDING_PIXELS = 4; // between a digit and its outline
const MIN_LABEL_PIXELS = 9;
const MAX_LABEL_PIXELS = 16;

/** The outline of a digit: its box.
 * @param {Digit} digit @returns {Outline} */
export function digitOutline(digit) {
  const { left, top, width, height } = digit.spot;
  const [right, bottom] = [left + width, top + height];
  const corners = /** @type {Corner[]} */ ([[left, top], [right, top], [right, bottom], [left, bottom]]); // prettier-ignore
  return { of: digit, corners, kind: certainty(digit), text: shown(digit) || "–" };
}

/** @template {Outline} Shape */
export class Marks {
  /** @type {Shape[]} */
  #outlines = [];
  /** @type {Outline["of"] | null} */
  #selected = null;
  #across = 1;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  /** Show outlines; `selected` is what the one drawn bold is of, `across` the width of the page in the units of corners.
   * @param {Shape[]} outlines @param {Outline["of"] | null} selected @param {number} across */
  show(outlines, selected, across) {
    this.#outlines = outlines;
    this.#selected = selected;
    this.#across = across;
    this.draw();
  }

  /** The outline at a point of the page in pixels, the smallest if several are there.
   * @param {number} x @param {number} y @returns {Shape | undefined} */
  at(x, y) {
    const scale = this.#scale;
    const found = this.#outlines.filter(({ corners }) => {
      const { left, top, right, bottom } = edges(corners, scale);
      return Math.min(x - left, y - top, right - x, bottom - y) > -PADDING_PIXELS;
    });
    const size = (/** @type {Shape} */ { corners }) => {
      const { left, top, right, bottom } = edges(corners, scale);
      return (right - left) * (bottom - top);
    };
    return found.sort((a, b) => size(a) - size(b))[0];
  }

  get #scale() {
    return this.canvas.clientWidth / this.#across;
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const dense = devicePixelRatio;
    Object.assign(this.canvas, { width: Math.round(width * dense), height: Math.round(height * dense) });
    const context = drawingOn(this.canvas);
    context.scale(dense, dense);
    const style = getComputedStyle(this.canvas);
    const above = this.#outlines.filter(({ of }) => of === this.#selected); // draw it last, above the others
    for (const outline of [...this.#outlines, ...above]) this.#drawOutline(context, outline, style);
  }

  /** @param {CanvasRenderingContext2D} context @param {Shape} outline @param {CSSStyleDeclaration} style */
  #drawOutline(context, { of, corners, kind, text }, style) {
    const scale = this.#scale;
    context.strokeStyle = context.fillStyle = style.getPropertyValue(`--${kind}`);
    context.lineWidth = of === this.#selected ? 3 : 1.5;
    context.lineJoin = "round";
    context.setLineDash(kind === "unsure" ? [5, 4] : []);
    context.beginPath();
    for (const [x, y] of padded(corners, PADDING_PIXELS / scale)) context.lineTo(x * scale, y * scale);
    context.closePath();
    context.stroke();
    if (text) this.#drawLabel(context, edges(corners, scale), text, style);
  }

  /** @param {CanvasRenderingContext2D} context @param {Edges} box @param {string} text @param {CSSStyleDeclaration} style */
  #drawLabel(context, box, text, style) {
    const [left, top, bottom] = [box.left - PADDING_PIXELS, box.top - PADDING_PIXELS, box.bottom + PADDING_PIXELS];
    const size = Math.min(MAX_LABEL_PIXELS, Math.max(MIN_LABEL_PIXELS, (bottom - top) * 0.35));
    context.font = `700 ${size}px ${style.fontFamily}`;
    const wide = Math.max(size, context.measureText(text).width + 4) + 2;
    const above = top - size - 4 >= 0 ? top - size - 4 : bottom; // below the outline if there is no room above
    context.beginPath();
    context.roundRect(left, above, wide, size + 3, 3);
    context.fill();
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = style.getPropertyValue("--card");
    context.fillText(text, left + wide / 2, above + (size + 5) / 2);
  }
}

/** The upright box around corners.
 * @param {Corner[]} corners @param {number} scale @returns {Edges} */
function edges(corners, scale) {
  const [x, y] = [0, 1].map((axis) => corners.map((corner) => corner[axis] * scale));
  return { left: Math.min(...x), top: Math.min(...y), right: Math.max(...x), bottom: Math.max(...y) };
}

/** Corners moved outwards along the sides of a quadrilateral.
 * @param {Corner[]} corners @param {number} by @returns {Corner[]} */
function padded([a, b, c, d], by) {
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
