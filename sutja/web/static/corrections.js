// @ts-check
// Corrections wait for a moment, in which they can be undone; then the server stores them with the picture.

import { countCorrections, storeCorrections } from "./api.js";
import { NONE } from "./digit.js";

const UNDO_MS = 2500; // in which a correction can be undone

export class Corrections {
  /** @type {Digit[]} */
  #waiting = []; // digits, in the order of their corrections
  /** @type {Sheet | null} */
  #sheet = null; // the picture that they are on
  #timer = 0;

  /** `changed(event, trouble)` is called with "soon", "removed", "revoked", "stored" or "failed".
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

  /** Ask the server for `total` and `folder`. */
  async count() {
    Object.assign(this, await countCorrections());
  }

  /** Set the correct label of a digit; the label that the reader gave it is not a correction.
   * @param {Digit} digit @param {number} label @param {Sheet | null} sheet */
  add(digit, label, sheet) {
    if (digit.kept && digit.label === label) return;
    if (this.#sheet !== sheet) this.send();
    this.#sheet = sheet;
    this.#waiting = this.#waiting.filter((each) => each !== digit);
    digit.label = label === digit.digit && !digit.kept ? null : label;
    digit.kept = false;
    if (digit.label !== null && label !== NONE) this.#waiting.push(digit); // the network has no word for none
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.send(), UNDO_MS);
    this.changed(label === NONE ? "removed" : this.waiting ? "soon" : "revoked");
  }

  /** Undo the latest waiting correction; returns whether there was one. */
  revoke() {
    const digit = this.#waiting.pop();
    if (!digit) return false;
    digit.label = null;
    this.changed("revoked");
    return true;
  }

  /** Forget the waiting corrections of digits that an edit has replaced.
   * @param {Digit[]} digits those that are left */
  retain(digits) {
    this.#waiting = this.#waiting.filter((digit) => digits.includes(digit));
  }

  /** Send the waiting corrections to the server; `last` if the page is about to close. */
  async send(last = false) {
    clearTimeout(this.#timer);
    const [digits, sheet] = [this.#waiting, this.#sheet];
    if (!this.waiting || !sheet) return;
    this.#waiting = [];
    try {
      const answer = await storeCorrections(digits.map(fieldsOf), sheet.blob, last);
      for (const digit of digits) digit.kept = true;
      this.total = answer.total;
      this.changed("stored");
    } catch (trouble) {
      if (!sheet.lasting) for (const digit of digits) digit.label = null; // show that it was not stored
      this.changed("failed", trouble);
    }
  }
}

/** @param {Digit} digit */
function fieldsOf({ image, label, guess, confidence, box }) {
  return { image, label, guess, confidence, box };
}
