// @ts-check
// What the page shows of the desk: the queue, the open picture with its outlines and tools, its tables, and the card.

import { Card } from "./card.js";
import { digitsOf } from "./digit.js";
import { Framing } from "./framing.js";
import { word } from "./language.js";
import { Marks } from "./marks.js";
import { QueueView } from "./queueview.js";
import { columnName, guessOfNumber, placeOfEmpty, textOfNumber } from "./sheet.js";
import { TableView } from "./tableview.js";

/** @typedef {<Id extends keyof Elements>(id: Id) => Elements[Id]} FindElement */

export class SheetView {
  #announced = "";

  /** `selected(digit)` is called for a digit that the user taps in the picture.
   * @param {import("./desk.js").Desk} desk @param {FindElement} element @param {(digit: Digit | undefined) => void} selected
   * @param {Marks<any>} marks */
  constructor(desk, element, selected, marks) {
    this.desk = desk;
    this.element = element;
    this.marks = marks;
    this.queue = new QueueView(element("queue"), {
      opened: (entry) => desk.open(entry),
      removed: (entry) => desk.remove(entry),
    });
    this.table = new TableView(element("tables"), {
      selected: (place) => this.#select(place),
      moved: (step) => this.#move(step),
      typing: (text) => this.card.type(text),
      removed: () => desk.clearCell(),
      closed: () => desk.select(null),
    });
    this.card = new Card(element("card"), {
      typed: (text) => desk.type(text),
      moved: (step) => this.#next(step),
      left: () => this.table.focus(),
      accepted: () => desk.accept(),
      removed: () => desk.clearCell(),
      parted: (at) => desk.part(at),
      joined: () => desk.join(),
    });
    this.framing = new Framing(element("frame"), () => this.show());
    this.#listen(selected);
  }

  /** @param {(digit: Digit | undefined) => void} selected */
  #listen(selected) {
    const { desk, element, framing } = this;
    element("turnLeft").addEventListener("click", () => desk.turn(3));
    element("turnRight").addEventListener("click", () => desk.turn(1));
    element("crop").addEventListener("click", () => this.#frame("cropLong", (part) => desk.crop(part)));
    element("add").addEventListener("click", () => this.#frame("addLong", (part) => desk.addNumber(part).then(() => this.card.type())));
    for (const form of /** @type {const} */ (["xlsx", "csv"])) element(form).addEventListener("click", () => desk.save(form));
    element("photograph").addEventListener("click", ({ offsetX, offsetY }) => {
      const found = this.marks.at(offsetX, offsetY);
      if (!found || !desk.entry) return;
      desk.select(found.place);
      if (!desk.hasTable) selected(this.#digitAt(found.of.number, offsetX));
    });
    addEventListener("keydown", (event) => event.key === "Escape" && framing.isOpen && framing.close());
  }

  /** The digit of a number that is nearest to a point of the picture on the page.
   * @param {SheetNumber} number @param {number} x */
  #digitAt(number, x) {
    const at = (x * this.element("photograph").width) / this.element("photograph").clientWidth;
    const far = (/** @type {Digit} */ { spot }) => Math.abs(spot.left + spot.width / 2 - at);
    return digitsOf([[number.signs]]).sort((a, b) => far(a) - far(b))[0];
  }

  /** Whether something is typed that is not yet in the table. */
  get isTyping() {
    return this.card.isTyping;
  }

  /** What is to be said below the result.
   * @returns {WordName | ""} */
  get remark() {
    const { entry } = this.desk;
    if (entry?.progress === "waiting" || entry?.progress === "reading") return "working";
    if (!this.desk.tables.length) return "nothing";
    const unsure = this.desk.lines.flat(2).some((sign) => typeof sign !== "string" && sign.label === null && sign.digit === null);
    return unsure && !this.desk.hasTable ? "unsureNote" : "";
  }

  show() {
    const { desk, element } = this;
    const { entry } = desk;
    this.queue.show(desk.queue.entries, entry);
    element("paper").classList.toggle("busy", entry?.progress === "waiting" || entry?.progress === "reading");
    element("framing").hidden = !entry?.state;
    element("xlsx").hidden = element("csv").hidden = !desk.hasTable;
    element("tables").hidden = element("cardKeys").hidden = !desk.hasTable;
    this.table.show(desk.hasTable ? desk.tables : [], desk.place);
    if (entry?.state) this.marks.show(desk.outlines, desk.cell ?? null, entry.state.width);
    else if (entry) this.marks.show([], null, 1);
    this.card.show(entry?.state && desk.tables.length ? this.#content() : null);
    this.#announce();
  }

  /** What the card shows of the selected cell.
   * @returns {CardContent | null} */
  #content() {
    const { desk } = this;
    const { place, cell } = desk;
    const left = desk.placesToCheck.length;
    const picture = this.element("photograph");
    if (!place) return null;
    const table = desk.tables[place.table];
    const text = cell ? guessOfNumber(cell.number) : "";
    return {
      title: `${columnName(place.column)}${place.row + 1}`,
      text,
      why: desk.remarks,
      quad: cell?.number.quad ?? placeOfEmpty(table, place.row, place.column),
      picture,
      isUnsure: Boolean(cell && textOfNumber(cell.number) !== text),
      isEmpty: !cell,
      canJoin: Boolean(desk.neighbour),
      left,
    };
  }

  /** @param {CellPlace} place */
  #select(place) {
    this.desk.select(place);
    this.table.focus();
  }

  /** @param {number} step */
  #move(step) {
    const found = this.desk.move(step);
    if (found) this.table.focus();
    return found;
  }

  /** Go on from the card, which stays ready for typing.
   * @param {number} step */
  #next(step) {
    if (!this.desk.move(step)) return this.element("live").replaceChildren(word("leftNone"));
    const typing = document.activeElement === this.card.input;
    if (typing) this.card.type();
    const { place, cell, remarks } = this.desk;
    if (!place || !cell) return;
    const said = [`${columnName(place.column)}${place.row + 1}: ${guessOfNumber(cell.number)}`, ...remarks.map(({ text }) => text)];
    this.element("live").textContent = said.join("; ");
  }

  /** @param {WordName} label @param {(part: Spot) => void} chosen */
  #frame(label, chosen) {
    if (this.framing.isOpen) return this.framing.close();
    this.framing.open(word(label), chosen);
    this.element("live").textContent = word("frameKeys");
  }

  /** Say once what was found in the picture. */
  #announce() {
    const { entry, tables, placesToCheck } = this.desk;
    if (entry?.progress !== "done") return;
    const key = `${entry.id} ${entry.state?.blob.size}`;
    if (key === this.#announced) return;
    this.#announced = key;
    const found = tables.map((table) => word(table.aligned ? "table" : "lines", { rows: table.rows, columns: table.columns }));
    const left = word(placesToCheck.length === 1 ? "leftOne" : "leftMany", { left: placesToCheck.length });
    this.element("live").textContent = found.length ? `${found.join(", ")}. ${placesToCheck.length ? left : word("leftNone")}` : word("nothing");
  }
}
