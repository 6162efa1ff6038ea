// @ts-check
// Elements of the page.

/** An element with a class and a text.
 * @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag */
export function made(tag, name = "", text = "") {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

export const madeButton = (name = "", text = "") => Object.assign(made("button", name, text), { type: "button" });
