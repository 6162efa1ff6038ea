// @ts-check
// One digit from near: its 28×28 pixels, where the network looked, how probable each digit is, and ten keys to correct.

import { look } from "./api.js";
import { shown, standing } from "./digit.js";
import { percent, word } from "./language.js";
import { drawingOn } from "./strokes.js";

/** @type {{[standing in Standing]?: import("./words.js").WordName}} */
const TITLES = { corrected: "detailCorrected", unsure: "detailUnsure" };
const SIDE = 28;
const FOR = [255, 145, 30]; // orange and violet, which nobody's eyes confuse
const AGAINST = [150, 110, 255];
const FAINTEST = 0.1; // the strongest place of a map is shown as if it were at least this

export class Detail {
  /** @type {Digit | null} */
  #digit = null;
  /** @type {ReturnType<typeof column>[]} */
  #bars = [];
  /** @type {Map<string, Int8Array>} */
  #maps = new Map(); // image → its saliency: what was seen once need not be asked for again

  /** `corrected(digit, label)` is called when a key is pressed.
   * @param {HTMLElement} element @param {(digit: Digit, label: number) => void} corrected */
  constructor(element, corrected) {
    this.element = element;
    this.title = /** @type {HTMLElement} */ (element.querySelector("h3"));
    this.seen = contextOf(element, "#seen");
    this.looked = contextOf(element, "#looked");
    for (let digit = 0; digit <= 10; digit++) this.#bars.push(column(digit));
    this.#bars.slice(0, 10).forEach(({ key }, label) => {
      key.addEventListener("click", () => this.#digit && corrected(this.#digit, label));
    });
    element.querySelector("#chances")?.append(...this.#bars.map(({ key }) => key));
  }

  /** Show a digit, or nothing when there is none.
   * @param {Digit | null} digit */
  async show(digit) {
    this.#digit = digit;
    this.element.hidden = !digit;
    if (!digit) return;
    this.#tell(digit);
    const pixels = decode(digit.image);
    draw(this.seen, pixels, (ink) => [ink, ink, ink]);
    draw(this.looked, pixels, dimmed);
    const map = await this.#mapOf(digit.image);
    if (map && this.#digit === digit) drawMap(this.looked, pixels, map);
  }

  /** @param {Digit} digit */
  #tell(digit) {
    const name = TITLES[standing(digit)] ?? "detailTold";
    const gaps = { digit: shown(digit), guess: digit.guess, percent: percent(digit.confidence) };
    this.title.textContent = word(name, gaps);
    const none = Math.max(0, 1 - digit.probabilities.reduce((sum, each) => sum + each, 0));
    [...digit.probabilities, none].forEach((chance, index) => {
      const { key, bar, name } = this.#bars[index];
      key.ariaLabel = word(index < 10 ? "chance" : "noneLong", { digit: index, percent: percent(chance) });
      key.title = key.ariaLabel;
      bar.style.height = `${chance * 100}%`;
      name.textContent = index < 10 ? String(index) : word("none");
      key.classList.toggle("label", index === (digit.label ?? digit.digit));
      if (index < 10) key.ariaPressed = String(index === digit.label);
    });
  }

  /** @param {string} image */
  async #mapOf(image) {
    try {
      if (!this.#maps.has(image)) this.#maps.set(image, new Int8Array(decode((await look(image)).saliency).buffer));
    } catch {
      return undefined; // the digit is shown without; whatever is wrong, the next reading tells it
    }
    return this.#maps.get(image);
  }
}

/** A bar with its key; the eleventh, "no digit", is no key.
 * @param {number} digit */
function column(digit) {
  const key = document.createElement(digit < 10 ? "button" : "div");
  if (key instanceof HTMLButtonElement) key.type = "button";
  else key.role = "img";
  key.className = "chance";
  const [track, bar, name] = ["track", "bar", "name"].map((each) => {
    const span = document.createElement("span");
    span.className = each;
    return span;
  });
  track.append(bar);
  key.append(track, name);
  return { key, bar, name };
}

/** @typedef {(ink: number, index: number) => number[]} Colour */

/** @type {(ink: number) => number[]} */
const dimmed = (ink) => [ink * 0.45, ink * 0.45, ink * 0.45];

/** The digit, dimmed, under the map's colours.
 * @param {CanvasRenderingContext2D} context @param {Uint8Array} pixels @param {Int8Array} map */
function drawMap(context, pixels, map) {
  const strongest = Math.max(FAINTEST * 127, ...map.map(Math.abs));
  draw(context, pixels, (ink, index) => {
    const strength = (Math.abs(map[index]) / strongest) ** 0.8;
    const colour = map[index] > 0 ? FOR : AGAINST;
    return dimmed(ink).map((gray, channel) => gray + (colour[channel] - gray) * 0.85 * strength);
  });
}

/** @param {CanvasRenderingContext2D} context @param {Uint8Array} pixels @param {Colour} colour */
function draw(context, pixels, colour) {
  const picture = context.createImageData(SIDE, SIDE);
  pixels.forEach((ink, index) => picture.data.set([...colour(ink, index), 255], 4 * index));
  context.putImageData(picture, 0, 0);
}

/** @param {HTMLElement} element @param {string} canvas */
function contextOf(element, canvas) {
  return drawingOn(/** @type {HTMLCanvasElement} */ (element.querySelector(canvas)));
}

/** The bytes of a text in base64.
 * @param {string} text */
function decode(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
