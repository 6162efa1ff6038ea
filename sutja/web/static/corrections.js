// @ts-check
// Corrections: gathered for a moment, in which they can be undone, then kept by the server, with the picture.

import { keep, kept } from "./api.js";

const MOMENT = 2500; // milliseconds in which a correction can be undone

export class Corrections {
  /** @type {Digit[]} */
  #waiting = []; // digits, in the order of their corrections
  /** @type {Sheet | null} */
  #sheet = null; // the picture that they are on
  #timer = 0;

  /** `changed(event, trouble)` is called with "waiting", "revoked", "stored" or "failed".
   * @param {(event: CorrectionEvent, trouble?: unknown) => void} changed */
  constructor(changed) {
    this.changed = changed;
    this.total = 0;
    this.folder = "";
    addEventListener("pagehide", () => this.send(true));
  }

  get waiting() {
    return this.#waiting.length > 0;
  }

  /** Ask how many are kept, and where. */
  async count() {
    Object.assign(this, await kept());
  }

  /** The writer says what a digit on a sheet is. What the reader was sure of already is no correction.
   * @param {Digit} digit @param {number} label @param {Sheet | null} sheet */
  add(digit, label, sheet) {
    if (digit.kept && digit.label === label) return;
    if (this.#sheet !== sheet) this.send();
    this.#sheet = sheet;
    this.#waiting = this.#waiting.filter((each) => each !== digit);
    digit.label = label === digit.digit && !digit.kept ? null : label;
    digit.kept = false;
    if (digit.label !== null) this.#waiting.push(digit);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send(), MOMENT);
    this.changed(this.waiting ? "waiting" : "revoked");
  }

  /** Take the latest correction back; whether there was one. */
  revoke() {
    const digit = this.#waiting.pop();
    if (!digit) return false;
    digit.label = null;
    this.changed("revoked");
    return true;
  }

  /** Have the server keep what waits. `last` = the page is about to be left. */
  async send(last = false) {
    clearTimeout(this.#timer);
    const [digits, sheet] = [this.#waiting, this.#sheet];
    if (!this.waiting || !sheet) return;
    this.#waiting = [];
    try {
      const answer = await keep(digits.map(toldOf), sheet.blob, last);
      for (const digit of digits) digit.kept = true;
      this.total = answer.total;
      this.changed("stored");
    } catch (trouble) {
      for (const digit of digits) digit.label = null; // not kept, so not shown as if it were
      this.changed("failed", trouble);
    }
  }
}

/** @param {Digit} digit */
function toldOf({ image, label, guess, confidence, box }) {
  return { image, label, guess, confidence, box };
}
