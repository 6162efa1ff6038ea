// @ts-check
// A stage of a network as a picture, and what lies behind one of its values: the part of the digit, and the weights.

import { letChoose, MapSheet } from "./maps.js";
import { place, SIDE } from "./network.js";
import { word } from "./words.js";

/** @typedef {import("./maps.js").Palette} Palette */
/** @typedef {import("./network.js").Network} Network */
/** @typedef {import("./words.js").WordName} WordName */

const UNITS_IN_A_ROW = 20;

/** A new element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} [name] its class @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]} */
export function make(tag, name = "", ...children) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...children);
  return element;
}

/** The largest distance of values from zero.
 * @param {Float32Array} values */
export function largest(values) {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
}

/** The numbers of a stage's layer, and of its output, for a text.
 * @param {Network} network @param {Stage} stage */
function gapsOf(network, { head, shape: [maps, height, width] }) {
  return { size: network.steps[head].layer.size, maps, height, width };
}

/** A picture of all outputs of a stage. */
export class StageView {
  /** `chosen(index)` is called with the index of the value that the reader wants to know more about. `limit` is the
   * largest value that has a colour of its own.
   * @param {Network} network @param {Stage} stage @param {number} limit @param {(index: number) => void} chosen */
  constructor(network, stage, limit, chosen) {
    this.network = network;
    this.stage = stage;
    this.limit = limit;
    this.canvas = make("canvas");
    this.caption = make("figcaption");
    this.element = make("figure", "stage", this.caption, this.canvas);
    const [count, height, width] = stage.shape;
    const columns = height * width > 1 ? (width > 20 ? 6 : 8) : stage.pictures ? 9 : UNITS_IN_A_ROW;
    const sheet = { count, columns: Math.min(count, columns), height, width };
    letChoose(this.canvas, sheet, chosen);
    const drawn = stage.pictures ? { ...sheet, height: stage.pictures[1], width: stage.pictures[2] } : sheet;
    this.sheet = new MapSheet(this.canvas, drawn);
    this.weights = network.steps[stage.head].weights;
    this.weightLimit = stage.pictures ? largest(this.weights) / 2 : 1;
  }

  get values() {
    return this.network.steps[this.stage.step].output;
  }

  /** @param {Palette} palette */
  paint(palette) {
    if (!this.stage.pictures) return this.sheet.paintSigned(this.values, this.limit, palette);
    return this.sheet.paintWeights(this.weights, this.weightLimit, this.values, this.limit, palette);
  }

  translate() {
    const { kind } = this.network.steps[this.stage.head].layer;
    const name = /** @type {WordName} */ (this.stage.pictures ? "pictures" : kind);
    const text = word(name, gapsOf(this.network, this.stage));
    this.caption.replaceChildren(make("b", "", this.stage.name), ` ${text}`);
    this.canvas.ariaLabel = `${this.network.title}, ${this.stage.name}: ${text}`;
  }

  /** What a value is and what it sees, in words.
   * @param {number} index */
  describe(index) {
    const [map, row, column] = place(index, this.stage.shape);
    const isMap = this.stage.shape[1] * this.stage.shape[2] > 1;
    const gaps = { stage: this.stage.name, map: map + 1, row: row + 1, column: column + 1, value: rounded(this.values[index]) };
    const field = this.network.receptiveField(this.stage, index);
    const whole = field.right - field.left === SIDE - 1 && field.bottom - field.top === SIDE - 1;
    const edges = Object.fromEntries(Object.entries(field).map(([edge, at]) => [edge, at + 1]));
    return `${word(isMap ? "map" : "unit", gaps)} ${whole ? word("whole") : word("field", edges)}`;
  }

  /** The weights that make a value, as pictures side by side; null where there are none to show.
   * @param {number} index @returns {{values: Float32Array, sheet: MapLayout} | null} */
  filters(index) {
    const { layer } = this.network.steps[this.stage.head];
    const [map] = place(index, this.stage.shape);
    if (layer.kind === "convolution") {
      const [area, size] = [layer.inputs * layer.size ** 2, layer.size];
      const sheet = { count: layer.inputs, columns: Math.min(8, layer.inputs), height: size, width: size };
      return { values: this.weights.subarray(map * area, (map + 1) * area), sheet };
    }
    if (!this.stage.pictures) return null;
    const [, height, width] = this.stage.pictures;
    const values = this.weights.subarray(map * height * width, (map + 1) * height * width);
    return { values, sheet: { count: 1, columns: 1, height, width } };
  }
}

/** Three significant digits.
 * @param {number} value */
const rounded = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

/** What lies behind the chosen value of a stage; it stands below that stage. */
export class Detail {
  digit = make("canvas");
  field = make("div", "field");
  filters = make("canvas", "filters");
  filtersCaption = make("figcaption");
  text = make("p");
  filtersFigure = make("figure", "", this.filters, this.filtersCaption);
  element = make("div", "detail", make("div", "framed", this.digit, this.field), this.filtersFigure, this.text);
  sheet = new MapSheet(this.digit, { count: 1, columns: 1, height: SIDE, width: SIDE });

  /** Show what makes the value of a stage at `index`, on an image of 28×28 pixels.
   * @param {StageView} view @param {number} index @param {Uint8Array} image @param {Palette} palette */
  show(view, index, image, palette) {
    if (view.element.nextElementSibling !== this.element) view.element.after(this.element);
    this.sheet.paintInk(image, palette);
    placeField(this.field, view.network.receptiveField(view.stage, index));
    this.text.textContent = view.describe(index);
    view.canvas.setAttribute("aria-valuetext", this.text.textContent);
    const filters = view.filters(index);
    this.filtersFigure.hidden = !filters;
    if (!filters) return;
    new MapSheet(this.filters, filters.sheet).paintSigned(filters.values, largest(filters.values), palette);
    this.filters.classList.toggle("many", filters.sheet.count > 1);
    this.filtersCaption.textContent = word(filters.sheet.count > 1 ? "filter" : "filterOne");
  }
}

/** Put the outline of a receptive field over a digit.
 * @param {HTMLElement} element @param {Edges} field */
export function placeField(element, { left, top, right, bottom }) {
  const share = (/** @type {number} */ pixels) => `${(100 * pixels) / SIDE}%`;
  Object.assign(element.style, {
    left: share(left),
    top: share(top),
    width: share(right - left + 1),
    height: share(bottom - top + 1),
  });
}
