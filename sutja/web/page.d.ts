// Global types of the page's scripts in static/. Only `tsc` reads this file.

/** Left, top, width and height in pixels of a picture. */
type Box = [number, number, number, number];

/** A rectangle in pixels of the page. */
interface Spot {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The position of a picture on the page: `x = left + scale × x of the picture`. */
interface Place {
  left: number;
  top: number;
  scale: number;
}

/** A point of a stroke, with the width of the pen. */
interface Point {
  x: number;
  y: number;
  width: number;
}

type Stroke = Point[];

/** A digit in a response of the server, `image` in base64. */
interface DigitResponse {
  digit: number | null;
  guess: number;
  confidence: number;
  box: Box;
  image: string;
  probabilities: number[];
}

/** A digit on the page; `label` is the user's correction, `kept` tells whether the server has stored it. */
interface Digit extends DigitResponse {
  spot: Spot;
  label: number | null;
  kept: boolean;
}

/** A number in a response: one character of `text` and `guess` for each sign, which is a digit if `guess` has one there. */
interface NumberResponse {
  text: string;
  guess: string;
  digits: DigitResponse[];
}

/** A sign of a number on the page; one that is no digit, as its text. */
type Sign = Digit | string;

/** The numbers of a line on the page, each with its signs. */
type Line = Sign[][];

/** The response to a picture; boxes refer to its `width` and `height`. */
interface ReadingResponse {
  lines: { numbers: NumberResponse[] }[];
  width: number;
  height: number;
}

/** The picture of a result, and the width of the page in the units of the spots. */
interface Sheet {
  blob: Blob;
  across: number;
}

/** A picture on the page, and the file that is sent. */
interface Opened {
  bitmap: HTMLCanvasElement | ImageBitmap;
  blob: Blob;
  width: number;
  height: number;
}

type CorrectionEvent = "waiting" | "revoked" | "stored" | "failed";

/** The certainty of a digit. */
type Certainty = "corrected" | "unsure" | "fair" | "sure";

/** The elements that scripts find by id. */
interface Elements {
  choose: HTMLInputElement;
  clear: HTMLButtonElement;
  close: HTMLButtonElement;
  copy: HTMLButtonElement;
  detail: HTMLElement;
  example: HTMLButtonElement;
  hints: HTMLElement;
  ink: HTMLCanvasElement;
  kept: HTMLElement;
  language: HTMLButtonElement;
  lines: HTMLElement;
  live: HTMLElement;
  marks: HTMLCanvasElement;
  note: HTMLElement;
  paper: HTMLElement;
  photograph: HTMLCanvasElement;
  remark: HTMLElement;
  revoke: HTMLButtonElement;
  take: HTMLInputElement;
  trouble: HTMLElement;
  undo: HTMLButtonElement;
}
