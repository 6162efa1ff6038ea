// @ts-check
// Elements of the page: those of index.html, and new ones.

/** The elements of index.html by their ids. */
export const page = /** @type {Elements} */ (
  Object.fromEntries(Array.from(document.querySelectorAll("[id]"), (element) => [element.id, /** @type {any} */ (element)]))
);

/** Whether a key is pressed with another, as in a shortcut of the browser.
 * @param {KeyboardEvent} event */
export const hasModifier = ({ ctrlKey, metaKey, altKey }) => ctrlKey || metaKey || altKey;

/** How far down and across arrow keys go.
 * @type {{[key: string]: [number, number]}} */
export const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** A new element with its properties and children.
 * @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag @param {Partial<HTMLElementTagNameMap[Tag]>} properties
 * @param {(Node | string)[]} children */
export function made(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
