// @ts-check
// What the page shows of the desk: the queue, the open picture with its outlines and tools, its tables, and the card.

import { Card } from "./card.js";
import { digitsOf, remarkOn } from "./digit.js";
import { made, page } from "./elements.js";
import { Framing } from "./framing.js";
import { counted, word } from "./language.js";
import { numberOutlines } from "./marks.js";
import { areSame, placesOf, placesToCheck } from "./sheet.js";
import { tableInWords, TableView } from "./tableview.js";

export class SheetView {
  #announced = "";

  /** `selected(digit)` is called for a digit that the user taps in the picture.
   * @param {Desk} desk @param {(digit: Digit | undefined) => void} selected
   * @param {Marks} marks */
  constructor(desk, selected, marks) {
    this.desk = desk;
    this.marks = marks;
    this.queue = new QueueView(desk);
    this.card = new Card(desk, () => this.table.focus());
    this.table = new TableView(desk, this.card);
    this.framing = new Framing(() => this.show());
    page.turnLeft.onclick = () => desk.turn(3);
    page.turnRight.onclick = () => desk.turn(1);
    page.crop.onclick = () => this.#frame("cropLong", (part) => desk.crop(part));
    page.add.onclick = () => this.#frame("addLong", (part) => desk.addNumber(part).then(() => this.card.type()));
    page.xlsx.onclick = () => desk.save("xlsx");
    page.csv.onclick = () => desk.save("csv");
    page.photograph.onclick = ({ offsetX, offsetY }) => {
      const found = marks.at(offsetX, offsetY)?.of;
      if (!found || !("number" in found)) return;
      desk.select(placesOf(desk.tables, (cell) => cell === found)[0]);
      if (!desk.hasTable) selected(digitAt(found.number, offsetX));
    };
  }

  /** What is to be said below the result.
   * @returns {WordName | ""} */
  get remark() {
    const { isReading, entry, hasTable, lines } = this.desk;
    if (isReading) return "reading";
    return hasTable || entry?.progress === "failed" ? "" : remarkOn(lines);
  }

  show() {
    const { desk } = this;
    const { entry, hasTable } = desk;
    this.queue.show();
    page.paper.classList.toggle("busy", desk.isReading);
    page.framing.hidden = !entry?.state;
    for (const each of [page.xlsx, page.csv, page.tables, page.cardKeys]) each.hidden = !hasTable;
    this.table.show();
    if (entry) this.marks.show(numberOutlines(desk.tables, desk.cell), desk.cell ?? null, entry.state?.width ?? 1);
    this.card.show();
    this.#announce();
  }

  /** @param {WordName} label @param {(part: Spot) => void} chosen */
  #frame(label, chosen) {
    if (this.framing.isOpen) return this.framing.close();
    this.framing.open(word(label), chosen);
    page.live.textContent = word("frameKeys");
  }

  /** Say once what was found in the picture. */
  #announce() {
    const { entry, tables } = this.desk;
    const key = `${entry?.id} ${entry?.state?.blob.size}`;
    if (entry?.progress !== "done" || key === this.#announced) return;
    this.#announced = key;
    const found = tables.map(tableInWords).join(", ");
    page.live.textContent = found ? `${found}. ${counted("left", placesToCheck(tables).length)}` : word("nothing");
  }
}

/** The digit of a number that is nearest to a point of the picture on the page.
 * @param {SheetNumber} number @param {number} x */
function digitAt(number, x) {
  const at = (x * page.photograph.width) / page.photograph.clientWidth;
  const far = (/** @type {Digit} */ { spot }) => Math.abs(spot.x + spot.width / 2 - at);
  return digitsOf([[number.signs]]).sort((a, b) => far(a) - far(b))[0];
}

/** The list of the pictures in the queue: which is open, what is to be checked in each, and what could not be read. */
class QueueView {
  /** @type {SheetEntry[]} */
  #entries = [];

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
  }

  show() {
    const { entries } = this.desk.queue;
    page.queue.hidden = !entries.length;
    if (!areSame(entries, this.#entries)) page.queue.replaceChildren(...entries.map((entry) => this.#item(entry))); // else see TableView.show
    this.#entries = [...entries];
    entries.forEach((entry, at) => fill(page.queue.children[at], entry, entry === this.desk.entry));
  }

  /** @param {SheetEntry} entry */
  #item(entry) {
    const open = made("button", { className: "open", onclick: () => this.desk.open(entry) }, made("b"), " ", made("span"));
    return made("li", {}, open, made("button", { className: "drop", onclick: () => this.desk.remove(entry) }, "×"));
  }
}

/** @param {Element} line @param {SheetEntry} entry @param {boolean} isOpen */
function fill(line, entry, isOpen) {
  const [open, drop] = line.children;
  line.className = entry.progress;
  open.ariaCurrent = String(isOpen);
  [open.children[0].textContent, open.children[1].textContent] = [entry.name, stateOf(entry)];
  drop.ariaLabel = word("drop", { name: entry.name });
}

/** @param {SheetEntry} entry */
function stateOf({ progress, state, trouble }) {
  if (progress === "done") return counted("left", placesToCheck(state?.tables ?? []).length);
  return progress === "failed" && trouble ? trouble.text : word(progress);
}
