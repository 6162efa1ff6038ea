// The types of the page's scripts in static/, known to each of them without an import. Only `tsc` reads this file.

/** Left, top, width and height in pixels of the picture that was read. */
type Box = [number, number, number, number];

/** A rectangle in pixels of the page. */
interface Spot {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The edges of ink in pixels of the page. */
interface Edges {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Where a picture is on the page: `x = left + scale × x of the picture`. */
interface Place {
  left: number;
  top: number;
  scale: number;
}

/** A point of a stroke; `width` is the pen's there. */
interface Point {
  x: number;
  y: number;
  width: number;
}

type Stroke = Point[];

/** A digit as the server answers it, `image` in base64. */
interface DigitAnswer {
  digit: number | null;
  guess: number;
  confidence: number;
  box: Box;
  image: string;
  probabilities: number[];
}

/** A digit on the page: `label` is what the writer says it is, `kept` whether the server keeps that. */
interface Digit extends DigitAnswer {
  spot: Spot;
  label: number | null;
  kept: boolean;
}

/** The answer of the server to a picture; boxes refer to its `width` and `height`. */
interface Answer {
  lines: { digits: DigitAnswer[] }[];
  width: number;
  height: number;
}

/** What was read: its picture, and how wide the page is in units of the digits' spots. */
interface Sheet {
  blob: Blob;
  across: number;
}

/** A picture on the page, and the file of it that is sent. */
interface Opened {
  bitmap: HTMLCanvasElement | ImageBitmap;
  blob: Blob;
  width: number;
  height: number;
}

type CorrectionEvent = "waiting" | "revoked" | "stored" | "failed";

/** How sure one can be of a digit. */
type Standing = "corrected" | "unsure" | "fair" | "sure";

/** The elements with an id that scripts use. */
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
