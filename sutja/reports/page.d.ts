// Global types of the scripts in reports. Only `tsc` reads this file.

/** Ink from 0 (paper) to 1, row by row. */
interface Ink {
  data: Float32Array;
  width: number;
  height: number;
}

/** The edges of a rectangle; also on the page of `sutja serve`. */
interface Edges {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Channels, height and width. */
type Shape = [number, number, number];

/** A layer as sutja/networks/layers.py lists it, with its numbers by name. */
type Layer = { kind: string } & { [name: string]: number };

/** A layer with its weights, the shapes of its input and output, and its latest output. */
interface Step {
  layer: Layer;
  weights: Float32Array;
  from: Shape;
  to: Shape;
  output: Float32Array;
}

/** Layers that are shown together: the outputs of `step`, which begin with the layer at `head`.
 *
 * `pictures` is the shape of what each unit looks for, where its weights are a picture.
 */
interface Stage {
  name: string;
  head: number;
  step: number;
  shape: Shape;
  pictures: Shape | null;
}

/** How maps lie side by side on a canvas: `columns` maps in a row, each of `height` × `width` pixels. */
interface MapLayout {
  count: number;
  columns: number;
  height: number;
  width: number;
}
