// @ts-check
// The desk: the pictures of the queue, of which one is open, and what a person does with its tables.

import { checkTables, read, tablesFile, Trouble, troubleIn } from "./api.js";
import { cornersOf, isInside, middleOf } from "./corners.js";
import { digitsOf } from "./digit.js";
import { cropped, turned } from "./framing.js";
import { asFile, Easel } from "./photograph.js";
import { Queue } from "./queue.js";
import * as sheet from "./sheet.js";
import { cellJpeg, download, pageRequest } from "./spreadsheet.js";
import { latest } from "./timing.js";

const CHECK_INTERVAL_MS = 300; // between two checks of the sums
const MAX_TAUGHT_DIGITS = 2; // of a number that was typed: more is another number, not a correction of digits

export class Desk {
  /** @type {SheetEntry | null} */
  entry = null; // the open one
  /** @type {CellPlace | null} */
  place = null; // the selected cell
  #isTroubled = false; // by the latest request
  #checks = latest(() => this.#check(), CHECK_INTERVAL_MS);

  /** @param {Corrections} corrections @param {DeskCalls} called */
  constructor(corrections, called) {
    this.easel = new Easel(() => called.changed());
    this.corrections = corrections;
    this.called = called;
    this.queue = new Queue({
      changed: (entry) => this.#entryChanged(entry),
      troubled: (error, entry) => this.#entryTroubled(error, entry),
    });
  }

  /** @returns {SheetTable[]} */
  get tables() {
    return this.entry?.state?.tables ?? [];
  }

  /** Whether there is a table to show, not only lines. */
  get hasTable() {
    return this.tables.some((table) => table.aligned);
  }

  /** The lines of digits to show: those of the picture or, beside a table, the number that is selected.
   * @returns {Line[]} */
  get lines() {
    const number = this.cell?.number;
    if (this.hasTable) return number ? [[number.signs]] : [];
    const rows = this.tables.flatMap((table) => Array.from({ length: table.rows }, (_, row) => sheet.rowOf(table, row)));
    return rows.map((cells) => cells.map((cell) => cell.number.signs)).filter((row) => row.length);
  }

  get cell() {
    return sheet.cellAt(this.tables, this.place);
  }

  /** What is to be checked in the selected cell. */
  get remarks() {
    return this.place ? sheet.remarksOn(this.tables[this.place.table], this.cell) : [];
  }

  /** The corners of the selected number, or of where it would be. */
  get quad() {
    const { cell, place } = this;
    return cell?.number.quad ?? (place ? sheet.placeOfEmpty(this.tables[place.table], place) : []);
  }

  /** The first cell to check in a table. */
  get #firstToCheck() {
    return this.hasTable ? (sheet.placesToCheck(this.tables)[0] ?? null) : null;
  }

  get isReading() {
    return this.entry?.progress === "waiting" || this.entry?.progress === "reading";
  }

  /** Take back what was kept before a reload, and open the last picture. */
  async restore() {
    await this.queue.restore();
    const last = this.queue.entries.at(-1);
    if (last && !this.entry) this.open(last);
  }

  /** Read files; the first is opened.
   * @param {File[]} files */
  add(files) {
    const first = this.queue.add(files);
    if (this.queue.entries.includes(first)) this.open(first);
  }

  /** Open a picture, or none.
   * @param {SheetEntry | null} entry */
  open(entry) {
    if (entry === this.entry) return;
    if (this.entry) this.entry.bitmap = null;
    this.entry = entry;
    this.place = this.#firstToCheck;
    if (!entry?.state) this.easel.clear(); // not the picture that was open before
    this.called.opened(entry);
    this.#draw();
  }

  /** @param {SheetEntry} entry */
  remove(entry) {
    const at = this.queue.entries.indexOf(entry);
    this.queue.remove(entry);
    if (entry === this.entry) this.open(this.queue.entries[at] ?? this.queue.entries[at - 1] ?? null);
    this.called.changed();
  }

  /** @param {CellPlace | null} place */
  select(place) {
    this.place = place;
    this.called.changed();
  }

  /** Select the next cell to check, or the one before; returns whether there is one.
   * @param {number} step */
  move(step) {
    const next = sheet.nextToCheck(this.tables, this.place, step);
    if (next) this.select(next);
    return Boolean(next);
  }

  /** Select the cell that holds a digit.
   * @param {Digit} digit */
  selectCellOf(digit) {
    this.place = sheet.placesOf(this.tables, ({ number }) => number.signs.includes(digit))[0] ?? this.place;
  }

  /** Replace the number of the selected cell by what was typed; one or two digits that differ teach.
   * @param {string} text */
  type(text) {
    if (!this.place || !this.entry) return;
    if (!text) return this.clearCell();
    const before = this.cell?.number ?? { signs: [], quad: this.quad };
    const number = sheet.typed(before, text);
    this.#replace(number);
    const changed = digitsOf([[number.signs]]).filter((digit) => !before.signs.includes(digit));
    if (changed.length <= MAX_TAUGHT_DIGITS) for (const digit of changed) this.#teach(digit, Number(digit.label));
  }

  /** Label a digit; `replaced` gets the digit that takes its place.
   * @param {Digit} digit @param {number} label @param {(other: Digit) => void} replaced */
  label(digit, label, replaced) {
    this.selectCellOf(digit);
    if (!this.place || !this.cell) return;
    const other = { ...digit, label, kept: false };
    replaced(other);
    const { signs, quad } = this.cell.number;
    const number = { signs: signs.map((sign) => (sign === digit ? other : sign)), quad };
    this.#replace(sheet.textOfNumber(number) ? number : null);
    this.#teach(other, label);
  }

  /** Check the tables again, as in another language. */
  recheck() {
    this.#checks.soon();
  }

  /** @param {Digit} digit @param {number} label */
  #teach(digit, label) {
    digit.label = null; // what the reader said, until it is corrected
    this.corrections.add(digit, label, /** @type {SheetEntry} */ (this.entry).sheet);
    this.called.changed();
  }

  /** Accept the selected cell as it is. */
  accept() {
    const number = this.cell?.number;
    if (!number) return;
    const guess = sheet.guessOfNumber(number);
    if (sheet.textOfNumber(number) !== guess) return this.type(guess);
    if (this.remarks.length) this.#replace(number, true);
  }

  /** Empty the selected cell. */
  clearCell() {
    if (this.cell) this.#replace(null);
  }

  /** Put another number, or none, in the selected cell.
   * @param {SheetNumber | null} number */
  #replace(number, checked = false) {
    if (this.place) this.#edit(sheet.withNumber(this.tables, this.place, number, checked));
  }

  /** Part the selected number before sign `at`, or in its middle, and find its cells again.
   * @param {number} at */
  part(at) {
    const number = this.cell?.number;
    if (!number || number.signs.length < 2) return;
    const inside = at > 0 && at < number.signs.length ? at : Math.floor(number.signs.length / 2);
    return this.#arrange([number], sheet.parted(number, inside));
  }

  /** The number to the right of the selected one in its row, if there is one. */
  get neighbour() {
    const { place } = this;
    return place && this.cell && sheet.rowOf(this.tables[place.table], place.row).find(({ column }) => column > place.column);
  }

  /** Join the selected number with the one to its right. */
  join() {
    const [first, next] = [this.cell?.number, this.neighbour?.number];
    if (!first || !next) return;
    return this.#arrange([first, next], [sheet.joined(first, next)]);
  }

  /** Read a part of the picture, and put what is found in place of what was there; if nothing is found, a number to be
   * typed.
   * @param {Spot} part */
  async addNumber(part) {
    const { entry } = this;
    const { blob } = await asFile(cropped(this.easel.canvas, part));
    await this.#attempt(async () => {
      const answer = await read(blob, { upright: true });
      if (entry !== this.entry) return;
      const found = sheet.sheetNumbers(answer, part);
      if (!found.length) found.push({ signs: ["?"], quad: cornersOf(part) });
      const before = sheet.numbersOf(this.tables).filter(({ quad }) => isInside(middleOf(quad), part));
      await this.#arrange(before, found);
    });
  }

  /** Put numbers in place of others, find the rows and columns of all, and select what is new.
   * @param {SheetNumber[]} replaced @param {SheetNumber[]} added */
  async #arrange(replaced, added) {
    const { entry } = this;
    const before = sheet.numbersOf(this.tables);
    const numbers = [...before.filter((number) => !replaced.includes(number)), ...added];
    await this.#attempt(async () => {
      const cells = numbers.map((number, row) => ({ row, column: 0, number, checked: false }));
      const list = { aligned: false, rows: cells.length, columns: 1, cells, remarks: [] };
      const { pages } = await checkTables([pageRequest(entry?.name ?? "", [list])], true);
      // The answer to an earlier check may have come meanwhile: it changes remarks, and no numbers.
      if (entry !== this.entry || !sheet.areSame(before, sheet.numbersOf(this.tables))) return;
      const tables = sheet.arranged(pages[0], numbers);
      this.place = sheet.placesOf(tables, ({ number }) => added.includes(number))[0] ?? null;
      this.#edit(tables);
    });
  }

  /** Turn the picture by quarters to the right, and read it again.
   * @param {number} quarters */
  turn(quarters) {
    return this.#reread((picture) => turned(picture, quarters));
  }

  /** Leave only a part of the picture, and read it again.
   * @param {Spot} part */
  crop(part) {
    return this.#reread((picture) => cropped(picture, part));
  }

  /** @param {(picture: HTMLCanvasElement) => HTMLCanvasElement} change */
  async #reread(change) {
    const { entry } = this;
    if (!entry?.state) return;
    const before = entry.state;
    const { bitmap, ...picture } = await asFile(change(this.easel.canvas));
    if (entry.state !== before) return;
    entry.edit({ ...picture, tables: [] });
    Object.assign(entry, { bitmap, upright: true });
    this.place = null;
    this.#draw();
    this.queue.again(entry);
  }

  /** @param {"undo" | "redo"} way */
  travel(way) {
    const { entry } = this;
    const blob = entry?.state?.blob;
    if (!entry?.state || !entry.can(way)) return;
    entry.travel(way);
    const isOther = entry.state.blob !== blob;
    if (entry.progress === "reading" || isOther) entry.progress = this.tables.length ? "done" : "waiting";
    if (isOther) {
      this.place = null;
      this.#draw();
    }
    if (entry.progress === "waiting") this.queue.again(entry);
    this.#edited();
  }

  /** Save all pictures that are read as a workbook or as text.
   * @param {"xlsx" | "csv"} form */
  async save(form) {
    const read = this.queue.entries.filter(({ progress, state }) => progress === "done" && state);
    await this.#attempt(async () => {
      const pages = [];
      for (const entry of read) pages.push(await this.#page(entry, form === "xlsx"));
      const name = (read.length === 1 ? read[0].name : "sutja").replace(/\.\w+$/, "");
      download(await tablesFile(pages, form), `${name}.${form}`);
    });
  }

  /** @param {SheetEntry} entry @param {boolean} withPictures of the cells to check */
  async #page(entry, withPictures) {
    const { blob, tables } = /** @type {SheetState} */ (entry.state);
    const bitmap = withPictures ? await createImageBitmap(blob) : null;
    return pageRequest(entry.name, tables, (cell, table) =>
      bitmap && sheet.remarksOn(table, cell).length ? cellJpeg(bitmap, cell.number.quad) : null,
    );
  }

  /** @param {SheetTable[]} tables */
  #edit(tables) {
    const { entry } = this;
    if (!entry?.state) return;
    entry.edit({ ...entry.state, tables });
    this.#edited();
  }

  #edited() {
    const entry = /** @type {SheetEntry} */ (this.entry);
    if (this.place && !this.tables[this.place.table]) this.place = null;
    this.corrections.retain(digitsOf([sheet.numbersOf(this.tables).map(({ signs }) => signs)]));
    this.queue.keep(entry);
    this.#checks.soon();
    this.called.changed();
  }

  /** Ask the server what is to be checked now. */
  async #check() {
    const { entry } = this;
    const state = entry?.state;
    if (!state?.tables.length) return;
    const asked = state.tables.filter(({ cells }) => cells.length);
    await this.#attempt(async () => {
      const { pages } = await checkTables([pageRequest(entry?.name ?? "", asked)]);
      if (entry?.state !== state) return this.#checks.soon();
      const tables = state.tables.map((table) => ({ ...table, remarks: pages[0][asked.indexOf(table)]?.remarks ?? [] }));
      entry.become({ ...state, tables });
      this.queue.keep(entry);
      this.called.changed();
    });
  }

  /** Do something with the server; say what goes wrong, and check again when the server is back.
   * @param {() => Promise<void>} work */
  async #attempt(work) {
    try {
      await work();
      if (this.#isTroubled) this.called.report(null);
      this.#isTroubled = false;
    } catch (error) {
      this.#isTroubled = true;
      const trouble = troubleIn(error);
      const isOfTables = trouble.name === "noPicture"; // the sentence for a file does not fit
      this.called.report(isOfTables ? new Trouble("failed", trouble) : trouble);
      if (trouble.passes) trouble.passed().then(this.#checks.soon);
    }
  }

  /** @param {SheetEntry} entry */
  #entryChanged(entry) {
    if (entry === this.entry) {
      this.#draw();
      if (entry.progress === "done") this.place ??= this.#firstToCheck;
    }
    this.called.changed();
  }

  /** @param {Trouble | null} trouble @param {SheetEntry} entry */
  #entryTroubled(trouble, entry) {
    if (entry.progress === "failed" && !entry.state && this.queue.entries.length === 1) this.remove(entry);
    this.called.report(trouble);
  }

  #draw() {
    return this.entry && this.easel.show(this.entry);
  }
}
