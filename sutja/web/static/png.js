// @ts-check
// Encode a grey PNG. canvas.toBlob() is too slow here: it waits until the browser is idle.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** Encode the red channel of an RGBA picture as a grey PNG, a Blob.
 * @param {ImageData} picture */
export async function grayPng({ data, width, height }) {
  const rows = new Uint8Array((width + 1) * height); // each row begins with its filter type, 0 = none
  for (let row = 0, from = 0; row < height; row++) {
    const start = row * (width + 1) + 1;
    for (let column = 0; column < width; column++, from += 4) rows[start + column] = data[from];
  }
  const head = new Uint8Array(13);
  new DataView(head.buffer).setUint32(0, width);
  new DataView(head.buffer).setUint32(4, height);
  head[8] = 8; // bit depth; the rest is 0: grey, deflate, adaptive filters, not interlaced
  const packed = new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate")));
  const pixels = new Uint8Array(await packed.arrayBuffer());
  const parts = [chunk("IHDR", head), chunk("IDAT", pixels), chunk("IEND", new Uint8Array())];
  return new Blob([new Uint8Array(SIGNATURE), ...parts], { type: "image/png" });
}

/** @param {string} name @param {Uint8Array} content */
function chunk(name, content) {
  const bytes = new Uint8Array(content.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(content, 8);
  let crc = ~0;
  for (let at = 4; at < bytes.length - 4; at++) crc = CRC[(crc ^ bytes[at]) & 255] ^ (crc >>> 8);
  view.setUint32(bytes.length - 4, ~crc);
  return bytes;
}
