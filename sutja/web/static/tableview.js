// @ts-check
// Tables of a picture as tables. Arrow keys go from cell to cell that is to be checked, and from cell to cell with Ctrl or
// if nothing is to be checked; what is typed replaces a cell.

import { ARROWS, made, page } from "./elements.js";
import { word } from "./language.js";
import { cellAt, cellName, columnName, guessOfNumber, remarksOn } from "./sheet.js";

export class TableView {
  /** The buttons of the cells with their places, by `keyOf` these.
   * @type {Map<string, {button: HTMLButtonElement, place: CellPlace}>} */
  #cells = new Map();
  /** @type {SheetTable[]} */
  #tables = [];
  #shape = "";
  #selected = ""; // `keyOf` its place

  /** @param {Desk} desk @param {Card} card */
  constructor(desk, card) {
    this.desk = desk;
    this.card = card;
  }

  /** Show the tables of the desk, or none beside mere lines. Elements stay where tables keep their shape: a click is lost
   * if its target is replaced between press and release. */
  show() {
    const { place, hasTable } = this.desk;
    const tables = hasTable ? this.desk.tables : [];
    const focused = page.tables.contains(document.activeElement);
    const selected = place ? keyOf(place) : "";
    const hasMoved = tables === this.#tables && selected !== this.#selected;
    const shape = tables.map(({ rows, columns }) => `${rows}×${columns}`).join();
    if (shape !== this.#shape) {
      this.#cells.clear();
      page.tables.replaceChildren(...tables.map((table, at) => this.#table(table, at)));
    }
    [this.#shape, this.#tables, this.#selected] = [shape, tables, selected];
    const captions = page.tables.querySelectorAll("caption");
    tables.forEach((table, at) => (captions[at].textContent = tableInWords(table)));
    const reachable = this.#button ?? this.#cells.values().next().value?.button; // one tab stop, as in ReadingView.show
    for (const cell of this.#cells.values()) this.#fill(cell, reachable);
    if (focused) this.focus();
    if (hasMoved) this.#button?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Focus the cell that is selected. */
  focus() {
    this.#button?.focus({ preventScroll: true });
  }

  /** The button of the cell that is selected. */
  get #button() {
    return this.#cells.get(this.#selected)?.button;
  }

  /** @param {SheetTable} table @param {number} at */
  #table({ rows, columns }, at) {
    const heads = Array.from({ length: columns }, (_, column) => made("th", { scope: "col" }, columnName(column)));
    const lines = Array.from({ length: rows }, (_, row) => {
      const cells = Array.from({ length: columns }, (_, column) => made("td", {}, this.#made({ table: at, row, column })));
      return made("tr", {}, made("th", { scope: "row" }, String(row + 1)), ...cells);
    });
    const head = made("thead", {}, made("tr", {}, made("td"), ...heads));
    const table = made("table", { className: "sheet" }, made("caption"), head, made("tbody", {}, ...lines));
    return made("div", { className: "scroller" }, table);
  }

  /** @param {CellPlace} place */
  #made(place) {
    const button = made("button");
    button.onclick = () => this.#select(place);
    button.onkeydown = (event) => this.#key(event, place);
    this.#cells.set(keyOf(place), { button, place });
    return button;
  }

  /** @param {{button: HTMLButtonElement, place: CellPlace}} cell @param {HTMLButtonElement} [reachable] */
  #fill({ button, place }, reachable) {
    const cell = cellAt(this.#tables, place);
    const remarks = remarksOn(this.#tables[place.table], cell);
    const isUnsure = remarks.some((remark) => remark.kind === "unsure");
    button.className = `cell${remarks.length ? (isUnsure ? " unsure" : " odd") : ""}`;
    button.textContent = guessOfNumber(cell?.number);
    button.ariaLabel = cellInWords(this.#tables, place);
    button.ariaPressed = String(button === this.#button);
    button.tabIndex = button === reachable ? 0 : -1;
  }

  /** @param {KeyboardEvent} event @param {CellPlace} place */
  #key(event, place) {
    const { key, ctrlKey } = event;
    if (event.metaKey || event.altKey || (ctrlKey && !ARROWS[key])) return;
    if (ARROWS[key]) {
      this.#step(place, ARROWS[key], ctrlKey);
    } else if (/^([0-9.,:/+-]|Enter|F2)$/.test(key)) {
      this.#select(place);
      this.card.type(key.length === 1 ? key : "");
    } else if (key === "Delete" || key === "Backspace") {
      this.#select(place);
      this.desk.clearCell();
    } else if (key === "Escape") {
      this.desk.select(null);
    } else {
      return;
    }
    event.preventDefault();
  }

  /** @param {CellPlace} place */
  #select(place) {
    this.desk.select(place);
    this.focus();
  }

  /** @param {CellPlace} place @param {[number, number]} step @param {boolean} plain */
  #step(place, [down, across], plain) {
    const next = { ...place, row: place.row + down, column: place.column + across };
    if (!plain && this.desk.move(down + across)) this.focus();
    else if (this.#cells.has(keyOf(next))) this.#select(next);
  }
}

/** A cell in words, with what is to be checked in it.
 * @param {SheetTable[]} tables @param {CellPlace} place */
export function cellInWords(tables, place) {
  const cell = cellAt(tables, place);
  const remarks = remarksOn(tables[place.table], cell).map(({ text }) => text);
  return [`${cellName(place)}: ${guessOfNumber(cell?.number) || word("empty")}`, ...remarks].join("; ");
}

/** @param {SheetTable} table */
export const tableInWords = ({ aligned, rows, columns }) => word(aligned ? "table" : "lines", { rows, columns });

/** @param {CellPlace} place */
const keyOf = ({ table, row, column }) => `${table},${row},${column}`;
