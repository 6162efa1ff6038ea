// @ts-check
// The card of the number that is selected: its picture from near, its text to type, and what else can be done with it.

import { made, madeButton } from "./elements.js";
import { word } from "./language.js";
import { drawCloseUp } from "./spreadsheet.js";

const NO_SIGNS = /[^0-9.,:/+\-? ]/g;
const CLOSE_UP_PIXELS = [640, 144]; // width and height, of the screen's pixels

export class Card {
  #text = "";

  /** @param {HTMLElement} element @param {CardCalls} called */
  constructor(element, called) {
    this.element = element;
    this.called = called;
    this.input = /** @type {HTMLInputElement} */ (this.#part("typed"));
    this.canvas = /** @type {HTMLCanvasElement} */ (this.#part("closeup"));
    [this.canvas.width, this.canvas.height] = CLOSE_UP_PIXELS;
    this.input.addEventListener("input", () => this.#clean());
    this.input.addEventListener("change", () => this.#commit());
    this.input.addEventListener("keydown", (event) => this.#key(event));
    this.#part("previous").addEventListener("click", () => called.moved(-1));
    this.#part("next").addEventListener("click", () => called.moved(1));
    this.#part("accept").addEventListener("click", () => this.#accept());
    this.#part("remove").addEventListener("click", called.removed);
    this.#part("join").addEventListener("click", called.joined);
    this.#part("split").addEventListener("click", () => called.parted(this.input.selectionStart ?? 0));
    this.#part("split").addEventListener("pointerdown", (event) => event.preventDefault()); // the cursor stays where it parts
  }

  /** Show a number, or hide the card.
   * @param {CardContent | null} content */
  show(content) {
    this.element.hidden = !content;
    if (!content) return;
    const { title, text, why, isEmpty } = content;
    this.#part("place").textContent = title;
    if (document.activeElement !== this.input || this.#text !== text || this.input.value === "") this.input.value = text;
    this.#text = text;
    this.input.classList.toggle("unsure", content.isUnsure);
    this.#part("why").replaceChildren(...why.map((remark) => this.#remark(remark)));
    this.#part("left").textContent = content.left ? word(content.left === 1 ? "leftOne" : "leftMany", { left: content.left }) : word("leftNone");
    this.#enable("accept", why.length > 0);
    this.#enable("remove", !isEmpty);
    this.#enable("split", text.length > 1);
    this.#enable("join", content.canJoin);
    for (const button of ["previous", "next"]) this.#enable(button, content.left > 0);
    drawCloseUp(this.canvas, content.picture, content.quad);
  }

  /** Let the user type; `text` replaces what is there.
   * @param {string | null} text */
  type(text = null) {
    this.input.focus({ preventScroll: true });
    if (text === null) this.input.select();
    else this.input.value = text;
  }

  /** Whether what is typed is not yet in the table. */
  get isTyping() {
    return document.activeElement === this.input && this.input.value !== this.#text;
  }

  /** @param {string} id */
  #part(id) {
    return /** @type {HTMLElement} */ (this.element.querySelector(`#${id}`));
  }

  /** @param {string} id @param {boolean} enabled */
  #enable(id, enabled) {
    /** @type {HTMLButtonElement} */ (this.#part(id)).disabled = !enabled;
  }

  /** @param {RemarkResponse} remark */
  #remark({ text, suggestion }) {
    const line = made("span", "", text);
    if (!suggestion) return line;
    const button = madeButton("quiet", word("takeSigns", { signs: suggestion }));
    button.addEventListener("click", () => this.called.typed(suggestion));
    line.append(" ", button);
    return line;
  }

  #clean() {
    const plain = this.input.value.replace(/[−–]/g, "-").replace(NO_SIGNS, "");
    if (plain !== this.input.value) this.input.value = plain;
  }

  /** Take what was typed; returns whether it differs from what was there. */
  #commit() {
    const text = this.input.value.trim();
    if (text === this.#text) return false;
    this.#text = text;
    this.called.typed(text);
    return true;
  }

  #accept() {
    this.called.accepted();
    this.called.moved(1);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") {
      if (!this.#commit()) this.called.accepted();
      this.called.moved(event.shiftKey ? -1 : 1);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.#commit();
      this.called.moved(event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Escape") {
      this.input.value = this.#text;
      this.called.left();
    } else {
      return;
    }
    event.preventDefault();
  }
}
