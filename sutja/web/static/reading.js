// @ts-check
// The result: lines of numbers, each digit a button.

import { certainty, digitsOf, shown } from "./digit.js";
import { made, page } from "./elements.js";
import { percent, word } from "./language.js";

/** @type {{[sign: string]: WordName}} */
const SIGN_NAMES = { ".": "point", ",": "comma", "-": "minus", "+": "plus", "/": "slash", ":": "colon", "?": "unsureSign" };
const MAX_LARGE_DIGITS = 12; // more are shown small

export class ReadingView {
  /** @type {Digit[][]} */
  #rows = []; // the digits of each line
  /** @type {Map<Digit, HTMLButtonElement>} */
  #buttons = new Map();

  /** `opened(digit)` is called when its button is pressed.
   * @param {(digit: Digit) => void} opened */
  constructor(opened) {
    this.opened = opened;
  }

  /** @param {Line[]} lines @param {Digit | null} chosen */
  show(lines, chosen) {
    const focused = page.lines.contains(document.activeElement);
    const digits = digitsOf(lines);
    this.#rows = lines.map((line) => digitsOf([line])).filter((row) => row.length > 0);
    this.#buttons.clear();
    page.lines.classList.toggle("many", lines.length > 2 || digits.length > MAX_LARGE_DIGITS);
    const reachable = chosen ?? digits[0]; // one tab stop; arrow keys reach the others (roving tabindex)
    page.lines.replaceChildren(
      ...lines.map((line, index) => {
        const properties = { className: "line", role: "group", ariaLabel: word("line", { line: index + 1 }) };
        return made("div", properties, ...line.map((number) => this.#number(number, chosen, reachable)));
      }),
    );
    if (focused) this.focus(reachable);
  }

  /** @param {Digit | null} digit */
  focus(digit) {
    if (digit) this.#buttons.get(digit)?.focus({ preventScroll: true });
  }

  /** @param {Sign[]} signs @param {Digit | null} chosen @param {Digit} reachable */
  #number(signs, chosen, reachable) {
    const parts = signs.map((sign) => {
      if (typeof sign !== "string") return this.#button(sign, sign === chosen, sign === reachable);
      const named = SIGN_NAMES[sign] && { role: "img", ariaLabel: word(SIGN_NAMES[sign]) };
      return made("span", { className: "big sign", ...named }, sign);
    });
    return made("span", { className: "number" }, ...parts);
  }

  /** @param {Digit} digit @param {boolean} chosen @param {boolean} reachable */
  #button(digit, chosen, reachable) {
    const kind = certainty(digit);
    const guess = kind === "unsure" ? [" ", made("span", { className: "guess" }, `${digit.guess}?`)] : [];
    const button = made(
      "button",
      { className: `digit ${kind}`, ariaPressed: String(chosen), ariaLabel: inWords(digit), tabIndex: reachable ? 0 : -1 },
      made("span", { className: "big" }, shown(digit) || "–"),
      ...guess,
      " ",
      made("span", { className: "share" }, kind === "corrected" ? "✓" : percent(digit.confidence)),
    );
    button.onclick = () => this.opened(digit);
    this.#buttons.set(digit, button);
    return button;
  }

  /** The digit whose button has the focus. */
  get focused() {
    return [...this.#buttons].find(([, button]) => button === document.activeElement)?.[0];
  }

  /** The digit to which a key moves the focus.
   * @param {string} key */
  next(key) {
    const digit = this.focused;
    if (!digit) return undefined;
    const all = this.#rows.flat();
    const at = all.indexOf(digit);
    const row = this.#rows.findIndex((line) => line.includes(digit));
    const column = this.#rows[row].indexOf(digit);
    const across = (/** @type {Digit[] | undefined} */ line) => line && line[Math.min(column, line.length - 1)];
    /** @type {{[key: string]: Digit | undefined}} */
    const neighbours = {
      ArrowLeft: all[at - 1],
      ArrowRight: all[at + 1],
      ArrowUp: across(this.#rows[row - 1]),
      ArrowDown: across(this.#rows[row + 1]),
      Home: this.#rows[row][0],
      End: this.#rows[row].at(-1),
    };
    return neighbours[key];
  }
}

/** A digit in words: what it is taken for, as `named` names it, and how surely.
 * @param {Digit} digit @param {(sign: string | number) => string | number} named */
export function inWords(digit, named = (sign) => sign) {
  const kind = certainty(digit);
  const gaps = { digit: named(shown(digit) || word("none")), guess: named(digit.guess), percent: percent(digit.confidence) };
  return word(kind === "fair" ? "sure" : kind, gaps);
}

/** The result in words.
 * @param {Line[]} lines */
export function readAloud(lines) {
  const text = lines.map((line) => line.map((number) => number.map(spoken).filter(Boolean).join(" ")).join(", "));
  return word("readAloud", { text: text.join("; ") });
}

/** A sign for readAloud, which names what screen readers skip.
 * @param {Sign} sign */
function spoken(sign) {
  if (typeof sign === "string") return SIGN_NAMES[sign] ? word(SIGN_NAMES[sign]) : "";
  return certainty(sign) === "unsure" ? inWords(sign) : shown(sign);
}
