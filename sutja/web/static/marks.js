// @ts-check
// Outlines around the digits or numbers on the page, labelled with what was read.

import { cornersOf, edges, middleOf, sidesOf } from "./corners.js";
import { certainty, digitsOf, shown } from "./digit.js";
import { numbersOf, remarksOn, textOfNumber } from "./sheet.js";
import { cleared, redrawn } from "./strokes.js";

const PADDING_PIXELS = 4; // between a digit and its outline
const MIN_LABEL_PIXELS = 9;
const MAX_LABEL_PIXELS = 16;
const MAX_LABELLED = 12; // numbers of a picture: more labels would hide it

/** The outline of a digit: its box.
 * @param {Digit} digit @returns {Outline} */
export function digitOutline(digit) {
  return { of: digit, corners: cornersOf(digit.spot), kind: certainty(digit), text: shown(digit) || "–" };
}

/** The outlines of the numbers in tables; those of many have no text, but for the `selected` cell.
 * @param {SheetTable[]} tables @param {SheetCell | undefined} selected @returns {Outline[]} */
export function numberOutlines(tables, selected) {
  const isFew = numbersOf(tables).length <= MAX_LABELLED;
  return tables.flatMap((table) =>
    table.cells.map((cell) => {
      const text = isFew || cell === selected ? textOfNumber(cell.number) : "";
      return { of: cell, corners: cell.number.quad, kind: certaintyOf(table, cell), text };
    }),
  );
}

/** @param {SheetTable} table @param {SheetCell} cell @returns {Certainty} */
function certaintyOf(table, cell) {
  if (remarksOn(table, cell).length || textOfNumber(cell.number).includes("?")) return "unsure";
  return digitsOf([[cell.number.signs]]).some(({ label }) => label !== null) ? "corrected" : "sure";
}

export class Marks {
  /** @type {Outline[]} */
  #outlines = [];
  /** @type {Outline["of"] | null} */
  #selected = null;
  #across = 1;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    redrawn(canvas, () => this.draw());
  }

  /** Show outlines; `selected` is what the one drawn bold is of, `across` the width of the page in the units of corners.
   * @param {Outline[]} outlines @param {Outline["of"] | null} selected @param {number} across */
  show(outlines, selected, across) {
    [this.#outlines, this.#selected, this.#across] = [outlines, selected, across];
    this.draw();
  }

  /** The outline at a point of the page in pixels, the smallest if several are there.
   * @param {number} x @param {number} y @returns {Outline | undefined} */
  at(x, y) {
    const boxes = this.#outlines.map((outline) => ({ outline, box: edges(outline.corners, this.#scale) }));
    const found = boxes.filter(
      ({ box }) => Math.min(x - box.left, y - box.top, box.right - x, box.bottom - y) > -PADDING_PIXELS,
    );
    return found.sort(({ box: a }, { box: b }) => a.width * a.height - b.width * b.height)[0]?.outline;
  }

  get #scale() {
    return this.canvas.clientWidth / this.#across;
  }

  draw() {
    const context = cleared(this.canvas);
    const style = getComputedStyle(this.canvas);
    const above = this.#outlines.filter(({ of }) => of === this.#selected); // draw it last, above the others
    for (const outline of [...this.#outlines, ...above]) this.#drawOutline(context, outline, style);
  }

  /** @param {CanvasRenderingContext2D} context @param {Outline} outline @param {CSSStyleDeclaration} style */
  #drawOutline(context, { of, corners, kind, text }, style) {
    const scale = this.#scale;
    const { wide, tall, angle } = sidesOf(corners);
    const [x, y] = middleOf(corners);
    const [width, height] = [wide * scale + 2 * PADDING_PIXELS, tall * scale + 2 * PADDING_PIXELS];
    context.strokeStyle = context.fillStyle = style.getPropertyValue(`--${kind}`);
    context.lineWidth = of === this.#selected ? 3 : 1.5;
    context.lineJoin = "round";
    context.setLineDash(kind === "unsure" ? [5, 4] : []);
    context.save();
    context.translate(x * scale, y * scale);
    context.rotate(angle);
    context.strokeRect(-width / 2, -height / 2, width, height);
    context.restore();
    if (text) this.#drawLabel(context, edges(corners, scale), text, style);
  }

  /** @param {CanvasRenderingContext2D} context @param {Spot} box @param {string} text @param {CSSStyleDeclaration} style */
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
