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
    const focused = this.element.contains(document.activeElement) && document.activeElement?.getAttribute("data-id");
    this.#entries = entries;
    this.element.hidden = !entries.length;
    this.element.replaceChildren(...entries.map((entry) => item(entry, entry === open)));
    if (focused) /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-id="${focused}"]`))?.focus();
  }
}

/** @param {SheetEntry} entry @param {boolean} isOpen */
function item(entry, isOpen) {
  const line = made("li", entry.progress);
  const [open, drop] = [madeButton("open"), madeButton("drop", "×")];
  open.dataset.id = drop.dataset.id = String(entry.id);
  open.ariaCurrent = String(isOpen);
  open.append(made("b", "", entry.name), " ", made("span", "", stateOf(entry)));
  drop.ariaLabel = word("drop", { name: entry.name });
  line.append(open, drop);
  return line;
}

/** @param {SheetEntry} entry */
function stateOf({ progress, state, trouble }) {
  if (progress !== "done") return progress === "failed" && trouble ? trouble.text : word(progress === "reading" ? "readingNow" : progress);
  const count = placesToCheck(state?.tables ?? []).length;
  return count ? word(count === 1 ? "leftOne" : "leftMany", { left: count }) : word("leftNone");
}
