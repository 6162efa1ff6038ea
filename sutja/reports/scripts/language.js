// @ts-check
// The language of the report: the reader's choice, that of the report, or the browser's.

/** @typedef {"en" | "ko"} Language */

const STORAGE_KEY = "sutja-language"; // as on the page of `sutja serve`
const NAMES = { en: "English", ko: "한국어" };
const page = document.documentElement;

/** @type {Language} */
let language =
  spoken(chosenBefore()) ??
  spoken(page.dataset.language) ??
  navigator.languages.map((name) => spoken(name.slice(0, 2))).find(Boolean) ??
  "en";

/** @type {(() => void)[]} */
const listeners = [];

export const currentLanguage = () => language;

/** Call `listener` whenever the language is switched. @param {() => void} listener */
export const onLanguageSwitch = (listener) => void listeners.push(listener);

/** Switch to the other language and remember it. */
export function switchLanguage() {
  language = other();
  try {
    localStorage.setItem(STORAGE_KEY, language);
  } catch {
    // Without storage, the choice holds for this visit.
  }
  translatePage();
  for (const listener of listeners) listener();
}

/** Say all texts of the page that have another language in it. */
function translatePage() {
  if (page.lang !== language) {
    page.lang = language;
    for (const element of /** @type {NodeListOf<HTMLElement | SVGElement>} */ (
      document.querySelectorAll("[data-other]")
    )) {
      const said = element.dataset.other ?? "";
      if (element instanceof HTMLImageElement) [element.dataset.other, element.alt] = [element.alt, said];
      else if (element instanceof SVGSVGElement) {
        element.dataset.other = element.getAttribute("aria-label") ?? "";
        element.setAttribute("aria-label", said);
      } else [element.dataset.other, element.textContent] = [element.textContent ?? "", said];
    }
  }
  if (!button) return;
  button.hidden = false;
  button.lang = other();
  button.textContent = NAMES[other()];
}

/** @returns {Language} */
function other() {
  return language === "en" ? "ko" : "en";
}

/** @param {string | null | undefined} name @returns {Language | undefined} */
function spoken(name) {
  return name === "en" || name === "ko" ? name : undefined;
}

function chosenBefore() {
  try {
    return localStorage.getItem(STORAGE_KEY);
  } catch {
    return null;
  }
}

const button = document.getElementById("language");
button?.addEventListener("click", switchLanguage);
translatePage();
