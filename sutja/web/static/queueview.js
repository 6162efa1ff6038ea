// @ts-check
// The list of the pictures in the queue: which is open, what is to be checked in each, and what could not be read.

import { made, page } from "./elements.js";
import { counted, word } from "./language.js";
import { areSame, placesToCheck } from "./sheet.js";

export class QueueView {
  /** @type {SheetEntry[]} */
  #entries = [];

  /** @param {import("./desk.js").Desk} desk */
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
  return progress === "failed" && trouble ? trouble.text : word(progress === "reading" ? "readingNow" : progress);
}
