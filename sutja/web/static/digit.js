// @ts-check
// The numbers on the page: their digits, with the reader's answer and the user's correction, and their other signs.

const SURE_CONFIDENCE = 0.9; // less is shown as fair
const MIN_IOU = 0.6; // intersection over union of two boxes of the same digit

/** The label of a digit that is none. */
export const NONE = 10;

/** The numbers of a response, line by line; each digit has its `spot` on the page, computed by `spotOf` from its box.
 * Corrections of digits in `before`, the previous lines, are kept for digits in the same place.
 * @param {ReadingResponse} answer @param {(box: Box) => Spot} spotOf @param {Line[]} before @returns {Line[]} */
export function linesOf({ lines }, spotOf, before) {
  return lines.map(({ numbers }) =>
    numbers.map((number) =>
      withSigns(number, (digit) => {
        const spot = spotOf(digit.box);
        const same = sameDigit(before, spot);
        return { ...digit, spot, label: same?.label ?? null, kept: same?.kept ?? false };
      }),
    ),
  );
}

/** The signs of a number in a picture, of which the part that was read is at `place`.
 * @param {NumberResponse} number @param {Place} place */
export function signsOf(number, place) {
  return withSigns(number, (digit) => {
    const spot = onPage(digit.box, place);
    const { left, top, width, height } = spot;
    return { ...digit, spot, box: [left, top, width, height], label: null, kept: false };
  });
}

/** The signs of a number, its digits as `made` makes them.
 * @param {NumberResponse} number @param {(digit: DigitResponse) => Digit} made @returns {Sign[]} */
function withSigns({ text, guess, digits }, made) {
  const left = digits.map(made);
  return [...guess].map((sign, at) => (/[0-9]/.test(sign) && left.shift()) || text[at]);
}

/** The digits of lines, in reading order.
 * @param {Line[]} lines */
export const digitsOf = (lines) => lines.flat(2).filter((sign) => typeof sign !== "string");

/** The digit of `lines` in the same place as a spot, if there is one.
 * @param {Line[]} lines @param {Spot} spot */
export const sameDigit = (lines, spot) => digitsOf(lines).find((each) => overlap(each.spot, spot) > MIN_IOU);

/** The text of a sign; for a digit its correction, the digit that was read, or `?`; empty if it is corrected to none.
 * @param {Sign} sign */
export function shown(sign) {
  if (typeof sign === "string") return sign;
  return sign.label === NONE ? "" : String(sign.label ?? sign.digit ?? "?");
}

/** The text of a line, with a space between two numbers.
 * @param {Line} line */
export const textOf = (line) => line.map((number) => number.map(shown).join("")).join(" ");

/** What is to be said of lines, if anything is.
 * @param {Line[]} lines @returns {WordName | ""} */
export function remarkOn(lines) {
  if (!lines.length) return "nothing";
  return lines.some((line) => textOf(line).includes("?")) ? "unsureNote" : "";
}

/** The certainty of a digit: "corrected", "unsure", "fair" or "sure".
 * @param {Digit} digit @returns {Certainty} */
export function certainty(digit) {
  if (digit.label !== null) return "corrected";
  if (digit.digit === null) return "unsure";
  return digit.confidence < SURE_CONFIDENCE ? "fair" : "sure";
}

/** Convert a box from pixels of the picture to pixels of the page.
 * @param {Box} box @param {Place} place @returns {Spot} */
export const onPage = ([x, y, width, height], { left, top, scale }) =>
  new DOMRect(left + x * scale, top + y * scale, width * scale, height * scale);

/** @param {Spot} a @param {Spot} b */
function overlap(a, b) {
  const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  const shared = Math.max(0, wide) * Math.max(0, high);
  return shared / (a.width * a.height + b.width * b.height - shared);
}
