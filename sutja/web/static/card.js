// @ts-check
// The card of the number that is selected: its picture from near, its text to type, and what else can be done with it.

import { hasModifier, made, page } from "./elements.js";
import { counted, word } from "./language.js";
import { cellName, guessOfNumber, placesToCheck, textOfNumber } from "./sheet.js";
import { closeUp } from "./spreadsheet.js";
import { cellInWords } from "./tableview.js";

const NO_SIGNS = /[^0-9.,:/+\-? ]/g;

export class Card {
  #text = "";

  /** `left()` is called when its input is left.
   * @param {Desk} desk @param {() => void} left */
  constructor(desk, left) {
    this.desk = desk;
    this.left = left;
    page.typed.oninput = () => this.#clean();
    page.typed.onchange = () => this.#commit();
    page.typed.onkeydown = (event) => this.#key(event);
    page.previous.onclick = () => this.#move(-1);
    page.next.onclick = () => this.#move(1);
    page.accept.onclick = () => {
      desk.accept();
      this.#move(1);
    };
    page.remove.onclick = () => desk.clearCell();
    page.join.onclick = () => desk.join();
    page.split.onclick = () => desk.part(page.typed.selectionStart ?? 0);
    page.split.onpointerdown = (event) => event.preventDefault(); // the cursor stays where it parts
  }

  /** Show the number that is selected, or hide the card. */
  show() {
    const { place, cell, tables, remarks } = this.desk;
    page.card.hidden = !place || !tables.length;
    if (!place || !tables.length) return;
    const left = placesToCheck(tables).length;
    const text = guessOfNumber(cell?.number);
    page.place.textContent = cellName(place);
    if (document.activeElement !== page.typed || this.#text !== text || page.typed.value === "") page.typed.value = text;
    this.#text = text;
    page.typed.classList.toggle("unsure", Boolean(cell && textOfNumber(cell.number) !== text));
    page.why.replaceChildren(...remarks.map((remark) => this.#remark(remark)));
    page.left.textContent = counted("left", left);
    page.accept.disabled = !remarks.length;
    page.remove.disabled = !cell;
    page.split.disabled = text.length < 2;
    page.join.disabled = !this.desk.neighbour;
    page.previous.disabled = page.next.disabled = !left;
    closeUp(page.photograph, this.desk.quad, 640, 144, page.closeup); // in pixels of the screen
  }

  /** Let the user type; `text` replaces what is there. */
  type(text = "") {
    page.typed.focus({ preventScroll: true });
    if (text) page.typed.value = text;
    else page.typed.select();
  }

  /** Whether what is typed is not yet in the table. */
  get isTyping() {
    return document.activeElement === page.typed && page.typed.value !== this.#text;
  }

  /** @param {RemarkResponse} remark */
  #remark({ text, suggestion }) {
    if (!suggestion) return made("span", {}, text);
    const onclick = () => this.desk.type(suggestion);
    return made("span", {}, text, " ", made("button", { className: "quiet", onclick }, word("takeSigns", { signs: suggestion })));
  }

  #clean() {
    const plain = page.typed.value.replace(/[−–]/g, "-").replace(NO_SIGNS, "");
    if (plain !== page.typed.value) page.typed.value = plain;
  }

  /** Take what was typed; returns whether it differs from what was there. */
  #commit() {
    const text = page.typed.value.trim();
    if (text === this.#text) return false;
    this.#text = text;
    this.desk.type(text);
    return true;
  }

  /** Go on to another cell to check; the card stays ready for typing.
   * @param {number} step */
  #move(step) {
    const hasMoved = this.desk.move(step);
    if (hasMoved && document.activeElement === page.typed) this.type();
    const { place, tables } = this.desk;
    page.live.textContent = hasMoved && place ? cellInWords(tables, place) : word("leftNone");
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing || hasModifier(event)) return;
    if (event.key === "Enter") {
      if (!this.#commit()) this.desk.accept();
      this.#move(event.shiftKey ? -1 : 1);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.#commit();
      this.#move(event.key === "ArrowUp" ? -1 : 1);
    } else if (event.key === "Escape") {
      page.typed.value = this.#text;
      this.left();
    } else {
      return;
    }
    event.preventDefault();
  }
}
