// @ts-check
// Networks computed in the browser: layers in half precision, their outputs, and which part of a digit each output sees.

export const SIDE = 28; // pixels of a digit, in height and width

/** Float16 numbers, little-endian, as float32.
 * @param {Uint8Array} bytes */
export function decodeHalves(bytes) {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  return Float32Array.from(halves, (half) => {
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    return half & 0x8000 ? -size : size;
  });
}

/** The bytes that a text of base64 holds, which zlib has compressed.
 * @param {string} text */
export async function inflate(text) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What each kind of layer makes of the shape of its input, [channels, height, width].
 * @type {Record<string, (layer: Layer, shape: Shape) => Shape>} */
const SHAPES = {
  crop: ({ start, stop }, [channels]) => [channels, stop - start, stop - start],
  convolution: ({ outputs, size, stride, padding }, [, height, width]) => [
    outputs,
    Math.floor((height + 2 * padding - size) / stride) + 1,
    Math.floor((width + 2 * padding - size) / stride) + 1,
  ],
  max_pool: ({ size }, [channels, height, width]) => [channels, Math.floor(height / size), Math.floor(width / size)],
  average_pool: (layer, shape) => SHAPES.max_pool(layer, shape),
  flatten: (_, [channels, height, width]) => [channels * height * width, 1, 1],
  linear: ({ outputs }) => [outputs, 1, 1],
};

/** How many weights a kind of layer has.
 * @type {Record<string, (layer: Layer) => number>} */
const WEIGHT_COUNTS = {
  convolution: ({ inputs, outputs, size }) => outputs * (inputs * size * size + 1),
  linear: ({ inputs, outputs }) => outputs * (inputs + 1),
  scale: ({ channels }) => 4 * channels,
};

/** What each kind of layer computes.
 * @type {Record<string, (step: Step, input: Float32Array, output: Float32Array) => void>} */
const COMPUTE = {
  standardise: ({ layer }, input, output) => each(input, output, (value) => (value - layer.mean) / layer.deviation),
  relu: (_, input, output) => each(input, output, (value) => (value > 0 ? value : 0)),
  tanh: (_, input, output) => each(input, output, Math.tanh),
  sigmoid: (_, input, output) => each(input, output, (value) => 1 / (1 + Math.exp(-value))),
  crop,
  convolution,
  scale,
  max_pool: (step, input, output) => pool(step, input, output, Math.max, 1),
  average_pool: (step, input, output) => pool(step, input, output, (a, b) => a + b, step.layer.size ** 2),
  flatten,
  linear,
};

/** @param {Float32Array} input @param {Float32Array} output @param {(value: number) => number} change */
function each(input, output, change) {
  for (let at = 0; at < input.length; at++) output[at] = change(input[at]);
}

/** @param {Step} step @param {Float32Array} input @param {Float32Array} output */
function crop({ layer, from, to }, input, output) {
  for (let at = 0; at < output.length; at++) {
    const [channel, y, x] = place(at, to);
    output[at] = input[(channel * from[1] + y + layer.start) * from[2] + x + layer.start];
  }
}

/** @param {Step} step @param {Float32Array} input @param {Float32Array} output */
function convolution({ layer, weights, from, to }, input, output) {
  const { inputs, outputs, size, stride, padding } = layer;
  const [, height, width] = from;
  const [, rows, columns] = to;
  const biases = outputs * inputs * size * size;
  for (let map = 0; map < outputs; map++) {
    const start = map * rows * columns;
    output.fill(weights[biases + map], start, start + rows * columns);
    for (let at = map * inputs * size * size, tap = 0; tap < inputs * size * size; tap++, at++) {
      const weight = weights[at];
      const dx = (tap % size) - padding;
      const dy = (Math.floor(tap / size) % size) - padding;
      const plane = Math.floor(tap / (size * size)) * height * width;
      const firstX = Math.max(0, Math.ceil(-dx / stride));
      const lastX = Math.min(columns - 1, Math.floor((width - 1 - dx) / stride));
      for (let y = Math.max(0, Math.ceil(-dy / stride)); y < rows && y * stride + dy < height; y++) {
        let source = plane + (y * stride + dy) * width + firstX * stride + dx;
        for (let target = start + y * columns + firstX; target <= start + y * columns + lastX; target++) {
          output[target] += weight * input[source];
          source += stride;
        }
      }
    }
  }
}

/** @param {Step} step @param {Float32Array} input @param {Float32Array} output */
function scale({ layer, weights, from }, input, output) {
  const area = from[1] * from[2];
  const { channels } = layer;
  for (let channel = 0; channel < channels; channel++) {
    const factor = weights[channel] + weights[2 * channels + channel]; // rounded, and what rounding took
    const shift = weights[channels + channel] + weights[3 * channels + channel];
    for (let at = channel * area; at < (channel + 1) * area; at++) output[at] = input[at] * factor + shift;
  }
}

/** @param {Step} step @param {Float32Array} input @param {Float32Array} output
 * @param {(a: number, b: number) => number} join @param {number} divisor */
function pool({ layer, from, to }, input, output, join, divisor) {
  const { size } = layer;
  for (let at = 0; at < output.length; at++) {
    const [channel, y, x] = place(at, to);
    const corner = (channel * from[1] + y * size) * from[2] + x * size;
    let value = input[corner];
    for (let tap = 1; tap < size * size; tap++) {
      value = join(value, input[corner + Math.floor(tap / size) * from[2] + (tap % size)]);
    }
    output[at] = value / divisor;
  }
}

/** @param {Step} step @param {Float32Array} input @param {Float32Array} output */
function flatten({ layer, from }, input, output) {
  if (!layer.channels_last) {
    output.set(input);
    return;
  }
  const area = from[1] * from[2];
  for (let at = 0; at < input.length; at++) output[(at % area) * from[0] + Math.floor(at / area)] = input[at];
}

/** @param {Step} step @param {Float32Array} input @param {Float32Array} output */
function linear({ layer, weights }, input, output) {
  const { inputs, outputs } = layer;
  for (let unit = 0; unit < outputs; unit++) {
    let sum = weights[outputs * inputs + unit];
    const start = unit * inputs;
    for (let at = 0; at < inputs; at++) sum += weights[start + at] * input[at];
    output[unit] = sum;
  }
}

/** Channel, row and column of a position in values of a shape.
 * @param {number} at @param {Shape} shape @returns {Shape} */
export function place(at, [, height, width]) {
  return [Math.floor(at / (height * width)), Math.floor(at / width) % height, at % width];
}

/** A network that is computed layer by layer and keeps the output of each. */
export class Network {
  /** @param {{title: string, layers: Layer[]}} description @param {Float32Array} weights of all layers, in their order */
  constructor({ title, layers }, weights) {
    this.title = title;
    /** @type {Float32Array} */
    this.input = new Float32Array(SIDE * SIDE);
    /** @type {Step[]} */
    this.steps = [];
    /** @type {Shape} */
    let shape = [1, SIDE, SIDE];
    let used = 0;
    for (const layer of layers) {
      const count = WEIGHT_COUNTS[layer.kind]?.(layer) ?? 0;
      const to = SHAPES[layer.kind]?.(layer, shape) ?? shape;
      const output = new Float32Array(to[0] * to[1] * to[2]);
      this.steps.push({ layer, weights: weights.subarray(used, used + count), from: shape, to, output });
      shape = to;
      used += count;
    }
    this.stages = stagesOf(this.steps);
  }

  /** The ten logits of an image, 28×28 pixels of 0 to 255.
   * @param {Uint8Array} image */
  logits(image) {
    let values = this.input;
    for (let at = 0; at < image.length; at++) values[at] = image[at] / 255;
    for (const step of this.steps) {
      COMPUTE[step.layer.kind](step, values, step.output);
      values = step.output;
    }
    return values;
  }

  /** The part of the image that the output at `index` of a stage sees; the last row and column are inside.
   * @param {Stage} stage @param {number} index @returns {Edges} */
  receptiveField({ step }, index) {
    const [, y, x] = place(index, this.steps[step].to);
    const field = { left: x, right: x, top: y, bottom: y };
    for (const { layer, from } of this.steps.slice(0, step + 1).reverse()) widen(field, layer, from);
    const inside = (/** @type {number} */ edge) => Math.min(Math.max(edge, 0), SIDE - 1);
    return { left: inside(field.left), right: inside(field.right), top: inside(field.top), bottom: inside(field.bottom) };
  }
}

/** The part of a layer's input that a part of its output sees.
 * @param {Edges} field @param {Layer} layer @param {Shape} from */
function widen(field, layer, from) {
  const { kind, size = 1, stride = size, padding = 0, start = 0 } = layer;
  if (kind === "linear") Object.assign(field, { left: 0, top: 0, right: from[2] - 1, bottom: from[1] - 1 });
  if (kind === "flatten") Object.assign(field, { left: 0, top: 0, right: from[2] - 1, bottom: from[1] - 1 });
  if (size > 1 || stride > 1) {
    field.left = field.left * stride - padding;
    field.top = field.top * stride - padding;
    field.right = field.right * stride - padding + size - 1;
    field.bottom = field.bottom * stride - padding + size - 1;
  }
  for (const edge of /** @type {const} */ (["left", "top", "right", "bottom"])) field[edge] += start;
}

/** The stages to show: each convolution, pooling or linear layer with what follows it up to the next, but not the last.
 *
 * They are named as in LeNet-5: C for convolutions, S for subsampling, F for full connections, numbered from 1. A full
 * connection to all maps is a convolution as large as they are: C.
 * @param {Step[]} steps @returns {Stage[]} */
function stagesOf(steps) {
  const heads = steps.flatMap(({ layer }, index) => (/convolution|pool|linear/.test(layer.kind) ? [index] : []));
  return heads.slice(0, -1).map((head, number) => {
    const { layer } = steps[head];
    const flat = steps[head - 1]?.layer.kind === "flatten" ? steps[head - 1].from : null;
    const pictures = layer.kind === "linear" && flat?.[0] === 1 ? flat : null;
    const letter = layer.kind === "linear" ? (flat && !pictures ? "C" : "F") : layer.kind === "convolution" ? "C" : "S";
    const next = heads[number + 1];
    const last = steps.slice(head, next).findLastIndex((step) => step.layer.kind !== "flatten");
    return { name: `${letter}${number + 1}`, head, step: head + last, shape: steps[head + last].to, pictures };
  });
}

/** The probabilities of the ten digits, by softmax.
 * @param {Float32Array} logits */
export function probabilities(logits) {
  const highest = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, each) => total + each);
  return powers.map((power) => power / sum);
}
