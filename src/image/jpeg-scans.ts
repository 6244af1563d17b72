/** @module Counts the scans of a JPEG file, each of which costs as much time as the image is large. */

const [SCAN, END] = [0xda, 0xd9];
/** With Huffman's and with arithmetic coding. */
const PROGRESSIVE = [0xc2, 0xca];

/** The number of scans of a progressive JPEG file; 1 for other files, which have one for each colour at most. */
export function scansOf(bytes: Uint8Array): number {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let isProgressive = false;
  let scans = 0;
  // The first marker says only that it is a JPEG file.
  for (let at = file.indexOf(0xff, 2); at >= 0 && at + 4 <= file.length; at = file.indexOf(0xff, at)) {
    const marker = file[at + 1] as number;
    if (marker === END) break;
    if (marker === 0xff) at++;
    // Without a length: stuffed bytes, restarts, and the start of an image.
    else if (marker <= 1 || (marker >= 0xd0 && marker <= 0xd8)) at += 2;
    else {
      if (PROGRESSIVE.includes(marker)) isProgressive = true;
      if (marker === SCAN) {
        if (!isProgressive) return 1;
        scans++;
      }
      at += 2 + file.readUInt16BE(at + 2);
    }
  }
  return scans;
}
