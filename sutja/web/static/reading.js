// @ts-check
// The result: lines of numbers, each digit a button; arrow keys move between them, digit keys correct.

import { certainty, digitsOf, shown } from "./digit.js";
import { made, madeButton } from "./elements.js";
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
   * @param {HTMLElement} element
   * @param {{selected: (digit: Digit) => void, opened: (digit: Digit) => void,
   *   corrected: (digit: Digit, label: number) => void, closed: () => void}} called */
  constructor(element, { selected, opened, corrected, closed }) {
    this.element = element;
    this.selected = selected;
    this.opened = opened;
    this.corrected = corrected;
    this.closed = closed;
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param {Line[]} lines @param {Digit | null} chosen */
  show(lines, chosen) {
    const focused = this.element.contains(document.activeElement);
    const digits = digitsOf(lines);
    this.#rows = lines.map((line) => digitsOf([line])).filter((row) => row.length > 0);
    this.#buttons.clear();
    this.element.classList.toggle("many", lines.length > 2 || digits.length > MAX_LARGE_DIGITS);
    const reachable = chosen ?? digits[0]; // one tab stop; arrow keys reach the others (roving tabindex)
    this.element.replaceChildren(
      ...lines.map((line, index) => {
        const row = made("div", "line");
        row.role = "group";
        row.ariaLabel = word("line", { line: index + 1 });
        row.append(...line.map((number) => this.#number(number, chosen, reachable)));
        return row;
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
    const group = made("span", "number");
    group.append(
      ...signs.map((sign) => {
        if (typeof sign !== "string") return this.#button(sign, sign === chosen, sign === reachable);
        const span = made("span", "big sign", sign);
        if (SIGN_NAMES[sign]) {
          span.role = "img";
          span.ariaLabel = word(SIGN_NAMES[sign]);
        }
        return span;
      }),
    );
    return group;
  }

  /** @param {Digit} digit @param {boolean} chosen @param {boolean} reachable */
  #button(digit, chosen, reachable) {
    const button = madeButton(`digit ${certainty(digit)}`);
    button.ariaPressed = String(chosen);
    button.ariaLabel = inWords(digit);
    button.tabIndex = reachable ? 0 : -1;
    button.append(made("span", "big", shown(digit) || "–"));
    if (certainty(digit) === "unsure") button.append(" ", made("span", "guess", `${digit.guess}?`));
    button.append(" ", made("span", "share", certainty(digit) === "corrected" ? "✓" : percent(digit.confidence)));
    button.addEventListener("click", () => this.opened(digit));
    this.#buttons.set(digit, button);
    return button;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const digit = [...this.#buttons].find(([, button]) => button === document.activeElement)?.[0];
    if (!digit || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = this.#neighbour(digit, event.key);
    if (next) {
      this.selected(next);
      this.focus(next);
    } else if (/^[0-9]$/.test(event.key)) {
      this.corrected(digit, Number(event.key));
    } else if (event.key === "Escape") {
      this.closed();
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @param {Digit} digit @param {string} key */
  #neighbour(digit, key) {
    const all = this.#rows.flat();
    const row = this.#rows.findIndex((line) => line.includes(digit));
    const column = this.#rows[row].indexOf(digit);
    const across = (/** @type {Digit[] | undefined} */ line) => line && line[Math.min(column, line.length - 1)];
    switch (key) {
      case "ArrowLeft":
        return all[all.indexOf(digit) - 1];
      case "ArrowRight":
        return all[all.indexOf(digit) + 1];
      case "ArrowUp":
        return across(this.#rows[row - 1]);
      case "ArrowDown":
        return across(this.#rows[row + 1]);
      case "Home":
        return this.#rows[row][0];
      case "End":
        return this.#rows[row].at(-1);
    }
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
