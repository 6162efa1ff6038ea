// @ts-check
// The details of a digit: its 28×28 pixels, its saliency map, its probabilities, and eleven keys to correct it.

import { decode, saliencyOf } from "./api.js";
import { certainty, NONE, shown } from "./digit.js";
import { made, madeButton } from "./elements.js";
import { percent, word } from "./language.js";
import { drawingOn } from "./strokes.js";

/** @type {{[certainty in Certainty]?: WordName}} */
const TITLES = { corrected: "detailCorrected", unsure: "detailUnsure" };
const SIDE_PIXELS = 28;
const FOR = [255, 145, 30]; // orange and violet: distinct to colour-blind eyes, too
const AGAINST = [150, 110, 255];
const MIN_PEAK = 0.1; // a map is scaled by its peak, or by this if the peak is lower

export class Detail {
  /** @type {Digit | null} */
  #digit = null;
  /** @type {ReturnType<typeof column>[]} */
  #bars = [];
  /** @type {Map<string, Int8Array>} */
  #maps = new Map(); // image → its saliency map, a cache

  /** `corrected(digit, label)` is called when a key is pressed.
   * @param {HTMLElement} element @param {(digit: Digit, label: number) => void} corrected */
  constructor(element, corrected) {
    this.element = element;
    this.title = /** @type {HTMLElement} */ (element.querySelector("h3"));
    this.seen = contextOf(element, "#seen");
    this.saliency = contextOf(element, "#saliency");
    for (let digit = 0; digit <= 10; digit++) this.#bars.push(column(digit));
    this.#bars.forEach(({ key }, label) => {
      key.addEventListener("click", () => this.#digit && corrected(this.#digit, label));
    });
    element.querySelector("#probabilities")?.append(...this.#bars.map(({ key }) => key));
  }

  /** Show a digit, or hide the details.
   * @param {Digit | null} digit */
  async show(digit) {
    this.#digit = digit;
    this.element.hidden = !digit;
    if (!digit) return;
    this.#describe(digit);
    const pixels = decode(digit.image);
    draw(this.seen, pixels, (ink) => [ink, ink, ink]);
    draw(this.saliency, pixels, dimmed);
    const map = await this.#mapOf(digit.image);
    if (map && this.#digit === digit) drawMap(this.saliency, pixels, map);
  }

  /** @param {Digit} digit */
  #describe(digit) {
    const name = TITLES[certainty(digit)] ?? "detailSure";
    const gaps = { digit: shown(digit) || word("none"), guess: digit.guess, percent: percent(digit.confidence) };
    this.title.textContent = word(name, gaps);
    const none = Math.max(0, 1 - digit.probabilities.reduce((sum, each) => sum + each, 0));
    [...digit.probabilities, none].forEach((probability, index) => {
      const { key, bar, name } = this.#bars[index];
      key.ariaLabel = word(index < 10 ? "probability" : "noneLong", { digit: index, percent: percent(probability) });
      key.title = key.ariaLabel;
      bar.style.height = `${probability * 100}%`;
      name.textContent = index < 10 ? String(index) : word("none");
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
 * @param {number} digit */
function column(digit) {
  const key = madeButton(digit === NONE ? "probability none" : "probability");
  const [track, bar, name] = ["track", "bar", "name"].map((each) => made("span", each));
  track.append(bar);
  key.append(track, name);
  return { key, bar, name };
}

/** @typedef {(ink: number, index: number) => number[]} Colour */

/** @type {(ink: number) => number[]} */
const dimmed = (ink) => [ink * 0.45, ink * 0.45, ink * 0.45];

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

/** @param {HTMLElement} element @param {string} canvas */
function contextOf(element, canvas) {
  return drawingOn(/** @type {HTMLCanvasElement} */ (element.querySelector(canvas)));
}
