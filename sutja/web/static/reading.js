// @ts-check
// The result: lines of numbers, each digit a button; arrow keys move between them, digit keys correct.

import { certainty, digitsOf, shown } from "./digit.js";
import { made, page } from "./elements.js";
import { percent, word } from "./language.js";

/** @type {{[certainty in Certainty]?: WordName}} */
const DESCRIPTIONS = { corrected: "corrected", unsure: "unsure" };
/** @type {{[sign: string]: WordName}} */
const SIGN_NAMES = { ".": "point", ",": "comma", "-": "minus", "+": "plus", "/": "slash", ":": "colon", "?": "unsureSign" };
const MAX_LARGE_DIGITS = 12; // more are shown small

export class ReadingView {
  /** @type {Digit[][]} */
  #rows = []; // the digits of each line
  /** @type {Map<Digit, HTMLButtonElement>} */
  #buttons = new Map();

  /** `selected(digit)`, `opened(digit)`, `corrected(digit, label)` and `closed()` are called for the user's actions.
   * @param {ReadingCalls} called */
  constructor(called) {
    this.called = called;
    page.lines.onkeydown = (event) => this.#key(event);
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
    button.onclick = () => this.called.opened(digit);
    this.#buttons.set(digit, button);
    return button;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const digit = [...this.#buttons].find(([, button]) => button === document.activeElement)?.[0];
    if (!digit || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = this.#neighbour(digit, event.key);
    if (next) {
      this.called.selected(next);
      this.focus(next);
    } else if (/^[0-9]$/.test(event.key)) {
      this.called.corrected(digit, Number(event.key));
    } else if (event.key === "Escape") {
      this.called.closed();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @param {Digit} digit @param {string} key */
  #neighbour(digit, key) {
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

/** A digit in words, for screen readers.
 * @param {Digit} digit */
export function inWords(digit) {
  const name = DESCRIPTIONS[certainty(digit)] ?? "sure";
  return word(name, { digit: shown(digit) || word("none"), guess: digit.guess, percent: percent(digit.confidence) });
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
