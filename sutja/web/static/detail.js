// @ts-check
// The details of a digit: its 28×28 pixels, its saliency map, its probabilities, and eleven keys to correct it.

import { decode, saliencyOf } from "./api.js";
import { NONE } from "./digit.js";
import { made, page } from "./elements.js";
import { percent, word } from "./language.js";
import { inWords } from "./reading.js";
import { drawingOn } from "./strokes.js";

const SIDE_PIXELS = 28;
const FOR = [255, 145, 30]; // orange and violet: distinct to colour-blind eyes, too
const AGAINST = [150, 110, 255];
const MIN_PEAK = 0.1; // a map is scaled by its peak, or by this if the peak is lower

export class Detail {
  /** @type {Digit | null} */
  #digit = null;
  #seen = drawingOn(page.seen);
  #saliency = drawingOn(page.saliency);
  /** @type {Map<string, Int8Array>} */
  #maps = new Map(); // image → its saliency map, a cache

  /** `corrected(digit, label)` is called when a key is pressed.
   * @param {(digit: Digit, label: number) => void} corrected */
  constructor(corrected) {
    this.bars = Array.from({ length: NONE + 1 }, (_, label) => column(label));
    this.bars.forEach(({ key }, label) => (key.onclick = () => this.#digit && corrected(this.#digit, label)));
    page.probabilities.append(...this.bars.map(({ key }) => key));
  }

  /** Show a digit, or hide the details.
   * @param {Digit | null} digit */
  async show(digit) {
    this.#digit = digit;
    page.detail.hidden = !digit;
    if (!digit) return;
    this.#describe(digit);
    const pixels = decode(digit.image);
    draw(this.#seen, pixels, (ink) => [ink, ink, ink]);
    draw(this.#saliency, pixels, dimmed);
    const map = await this.#mapOf(digit.image);
    if (map && this.#digit === digit) drawMap(this.#saliency, pixels, map);
  }

  /** @param {Digit} digit */
  #describe(digit) {
    page["detail-title"].textContent = inWords(digit, (sign) => word("quoted", { sign }));
    const none = Math.max(0, 1 - digit.probabilities.reduce((sum, each) => sum + each, 0));
    [...digit.probabilities, none].forEach((probability, index) => {
      const { key, bar, name } = this.bars[index];
      name.textContent = index === NONE ? word("none") : String(index);
      key.title = key.ariaLabel = word("probability", { digit: name.textContent, percent: percent(probability) });
      bar.style.height = `${probability * 100}%`;
      key.classList.toggle("label", index === (digit.label ?? digit.digit));
      key.ariaPressed = String(index === digit.label);
    });
  }

  /** @param {string} image */
  async #mapOf(image) {
    try {
      if (!this.#maps.has(image)) {
        const { saliency } = await saliencyOf(image);
        this.#maps.set(image, new Int8Array(decode(saliency).buffer));
      }
    } catch {
      return undefined; // show the digit without it; the next reading reports what is wrong
    }
    return this.#maps.get(image);
  }
}

/** A bar with its key; the eleventh is "no digit".
 * @param {number} label */
function column(label) {
  const [bar, name] = ["bar", "name"].map((className) => made("span", { className }));
  const className = `probability${label === NONE ? " none" : ""}`;
  return { bar, name, key: made("button", { className }, made("span", { className: "track" }, bar), name) };
}

const dimmed = (/** @type {number} */ ink) => [ink * 0.45, ink * 0.45, ink * 0.45];

/** Draw the dimmed digit under the colours of the map.
 * @param {CanvasRenderingContext2D} context @param {Uint8Array} pixels @param {Int8Array} map */
function drawMap(context, pixels, map) {
  const strongest = Math.max(MIN_PEAK * 127, ...map.map(Math.abs));
  draw(context, pixels, (ink, index) => {
    const strength = (Math.abs(map[index]) / strongest) ** 0.8;
    const colour = map[index] > 0 ? FOR : AGAINST;
    return dimmed(ink).map((gray, channel) => gray + (colour[channel] - gray) * 0.85 * strength);
  });
}

/** @param {CanvasRenderingContext2D} context @param {Uint8Array} pixels @param {Colour} colour */
function draw(context, pixels, colour) {
  const picture = context.createImageData(SIDE_PIXELS, SIDE_PIXELS);
  pixels.forEach((ink, index) => picture.data.set([...colour(ink, index), 255], 4 * index));
  context.putImageData(picture, 0, 0);
}
