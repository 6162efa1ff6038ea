// @ts-check
// The language of the page: the user's choice, or the browser's language.

import { page } from "./elements.js";
import { LANGUAGES, WORDS } from "./words.js";

const STORAGE_KEY = "sutja-language";
const storage = storageOfBrowser();

let language =
  [storage?.getItem(STORAGE_KEY), ...navigator.languages.map((each) => each.slice(0, 2))].find((each) => each && LANGUAGES.includes(each)) ?? "en";

/** The text with this name in the language of the page, with its {gaps} filled.
 * @param {WordName} name @param {Record<string, string | number>} gaps */
export function word(name, gaps = {}) {
  return WORDS[name][LANGUAGES.indexOf(language)].replace(/{(\w+)}/g, (_, gap) => String(gaps[gap]));
}

/** The text that says how many there are.
 * @param {"count" | "left"} name @param {number} count */
export function counted(name, count) {
  return word(`${name}${count === 0 ? "None" : count === 1 ? "One" : "Many"}`, { count });
}

/** Format a probability in per cent, 99.9 % at most, because no reading is certain.
 * @param {number} share */
export function percent(share) {
  const maximumFractionDigits = share >= 0.995 ? 1 : 0;
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits }).format(Math.min(share, 0.999));
}

/** Switch to the other language and remember it. */
export function switchLanguage() {
  language = otherLanguage();
  storage?.setItem(STORAGE_KEY, language);
  translate();
}

/** Set the texts and labels of elements in the language of the page; those without a name have that of their element. */
export function translate() {
  document.documentElement.lang = language;
  document.title = word("title");
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-word], [data-label]"))) {
    const { word: text, label } = /** @type {Record<string, WordName>} */ (element.dataset);
    const own = /** @type {WordName} */ (element.id);
    if (text !== undefined) element.textContent = word(text || own);
    if (label !== undefined) element.ariaLabel = word(label || own);
  }
  page.language.textContent = word("other");
  page.language.lang = otherLanguage();
}

const otherLanguage = () => (language === "en" ? "ko" : "en");

/** Where the choice is kept; a browser may refuse, and the choice holds for this visit. */
function storageOfBrowser() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
