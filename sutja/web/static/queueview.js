// @ts-check
// The list of the pictures in the queue: which is open, what is to be checked in each, and what could not be read.

import { made, madeButton } from "./elements.js";
import { word } from "./language.js";
import { placesToCheck } from "./sheet.js";

export class QueueView {
  /** @type {SheetEntry[]} */
  #entries = [];

  /** @param {HTMLElement} element @param {{opened: (entry: SheetEntry) => void, removed: (entry: SheetEntry) => void}} called */
  constructor(element, { opened, removed }) {
    this.element = element;
    element.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("button");
      const entry = this.#entries.find(({ id }) => String(id) === button?.dataset.id);
      if (entry) (button?.classList.contains("drop") ? removed : opened)(entry);
    });
  }

  /** @param {SheetEntry[]} entries @param {SheetEntry | null} open */
  show(entries, open) {
    const isSame = entries.length === this.#entries.length && entries.every((entry, at) => entry === this.#entries[at]);
    this.#entries = [...entries];
    this.element.hidden = !entries.length;
    if (!isSame) this.element.replaceChildren(...entries.map(item)); // else they stay: see TableView.show
    entries.forEach((entry, at) => fill(this.element.children[at], entry, entry === open));
  }
}

/** @param {SheetEntry} entry */
function item({ id }) {
  const line = made("li");
  const [open, drop] = [madeButton("open"), madeButton("drop", "×")];
  open.dataset.id = drop.dataset.id = String(id);
  open.append(made("b"), " ", made("span"));
  line.append(open, drop);
  return line;
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
  if (progress !== "done") return progress === "failed" && trouble ? trouble.text : word(progress === "reading" ? "readingNow" : progress);
  const count = placesToCheck(state?.tables ?? []).length;
  return count ? word(count === 1 ? "leftOne" : "leftMany", { left: count }) : word("leftNone");
}
