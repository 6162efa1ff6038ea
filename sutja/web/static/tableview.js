// @ts-check
// Tables of a picture as tables. Arrow keys go from cell to cell that is to be checked, and from cell to cell with Ctrl or
// if nothing is to be checked; what is typed replaces a cell.

import { made, madeButton } from "./elements.js";
import { word } from "./language.js";
import { cellAt, columnName, guessOfNumber, remarksOn } from "./sheet.js";

/** @type {{[key: string]: [number, number]}} */
const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

export class TableView {
  /** @type {Map<string, HTMLButtonElement>} */
  #buttons = new Map();
  /** @type {SheetTable[]} */
  #tables = [];
  #shape = "";
  /** @type {CellPlace | null} */
  #place = null;

  /** @param {HTMLElement} element @param {TableCalls} called */
  constructor(element, called) {
    this.element = element;
    this.called = called;
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("click", (event) => this.#click(event));
  }

  /** Elements stay where tables keep their shape: a click is lost if its target is replaced between press and release.
   * @param {SheetTable[]} tables @param {CellPlace | null} place */
  show(tables, place) {
    const focused = this.element.contains(document.activeElement);
    const hasMoved = tables === this.#tables && place !== this.#place;
    const shape = tables.map(({ rows, columns }) => `${rows}×${columns}`).join();
    if (shape !== this.#shape) {
      this.#buttons.clear();
      this.element.replaceChildren(...tables.map((table, at) => this.#table(table, at)));
    }
    [this.#shape, this.#tables] = [shape, tables];
    const captions = this.element.querySelectorAll("caption");
    tables.forEach(({ aligned, rows, columns }, at) => (captions[at].textContent = word(aligned ? "table" : "lines", { rows, columns })));
    for (const [key, button] of this.#buttons) this.#fill(button, placeOf(key));
    this.#choose(place);
    if (focused) this.focus();
    if (hasMoved && place) this.#buttons.get(keyOf(place))?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Focus the cell that is selected. */
  focus() {
    if (this.#place) this.#buttons.get(keyOf(this.#place))?.focus({ preventScroll: true });
  }

  /** Mark the cell that is selected, the only one that Tab reaches (roving tabindex).
   * @param {CellPlace | null} place */
  #choose(place) {
    const first = this.#buttons.values().next().value;
    for (const button of [this.#place && this.#buttons.get(keyOf(this.#place)), first]) {
      if (button) Object.assign(button, { tabIndex: -1, ariaPressed: "false" });
    }
    this.#place = place;
    const button = place && this.#buttons.get(keyOf(place));
    if (button) button.ariaPressed = "true";
    if (button ?? first) /** @type {HTMLElement} */ (button ?? first).tabIndex = 0;
  }

  /** @param {SheetTable} table @param {number} at */
  #table(table, at) {
    const scroller = made("div", "scroller");
    const element = made("table", "sheet");
    const { rows, columns } = table;
    const head = made("tr");
    head.append(made("td"), ...Array.from({ length: columns }, (_, column) => headOf("col", columnName(column))));
    const [top, body] = [made("thead"), made("tbody")];
    top.append(head);
    body.append(...Array.from({ length: rows }, (_, row) => this.#row(columns, at, row)));
    element.append(made("caption"), top, body);
    scroller.append(element);
    return scroller;
  }

  /** @param {number} columns @param {number} table @param {number} row */
  #row(columns, table, row) {
    const line = made("tr");
    line.append(headOf("row", String(row + 1)));
    for (let column = 0; column < columns; column++) {
      const [entry, button] = [made("td"), madeButton()];
      Object.assign(button, { tabIndex: -1, ariaPressed: "false" });
      button.dataset.place = keyOf({ table, row, column });
      this.#buttons.set(button.dataset.place, button);
      entry.append(button);
      line.append(entry);
    }
    return line;
  }

  /** @param {HTMLButtonElement} button @param {CellPlace} place */
  #fill(button, place) {
    const table = this.#tables[place.table];
    const cell = cellAt(table, place.row, place.column);
    const remarks = remarksOn(table, cell);
    const text = cell ? guessOfNumber(cell.number) : "";
    const isUnsure = remarks.some((remark) => remark.kind === "unsure");
    button.className = `cell${remarks.length ? (isUnsure ? " unsure" : " odd") : ""}`;
    button.textContent = text;
    const name = `${columnName(place.column)}${place.row + 1}: ${text || word("empty")}`;
    button.ariaLabel = [name, ...remarks.map((remark) => remark.text)].join("; ");
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (button?.dataset.place) this.called.selected(placeOf(button.dataset.place));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (!button?.dataset.place || event.metaKey || event.altKey) return;
    const place = placeOf(button.dataset.place);
    if (STEPS[event.key]) this.#step(place, STEPS[event.key], event.ctrlKey);
    else if (event.ctrlKey) return;
    else if (/^[0-9.,:/+-]$/.test(event.key)) this.#select(place, () => this.called.typing(event.key));
    else if (event.key === "Enter" || event.key === "F2") this.#select(place, () => this.called.typing(null));
    else if (event.key === "Delete" || event.key === "Backspace") this.#select(place, this.called.removed);
    else if (event.key === "Escape") this.called.closed();
    else return;
    event.preventDefault();
  }

  /** @param {CellPlace} place @param {() => void} then */
  #select(place, then) {
    this.called.selected(place);
    then();
  }

  /** @param {CellPlace} place @param {[number, number]} step @param {boolean} plain */
  #step(place, [down, across], plain) {
    if (!plain && this.called.moved(down + across)) return;
    const next = { ...place, row: place.row + down, column: place.column + across };
    if (this.#buttons.has(keyOf(next))) this.called.selected(next);
  }
}

/** @param {CellPlace} place */
const keyOf = ({ table, row, column }) => `${table},${row},${column}`;

/** @param {string} key @returns {CellPlace} */
function placeOf(key) {
  const [table, row, column] = key.split(",").map(Number);
  return { table, row, column };
}

/** @param {string} scope @param {string} text */
const headOf = (scope, text) => Object.assign(made("th", "", text), { scope });
