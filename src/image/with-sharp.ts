/**
 * @module Image files by sharp, which is loaded on demand: programs that read only usual PNG tiles start 40 ms sooner. The
 * file is not called sharp.ts: the notebook kernel would take it for the package.
 */
export async function loadSharp(): Promise<typeof import("sharp")> {
  const { default: sharp } = await import("sharp");
  // Several images are processed at the same time, so that each needs only one thread.
  sharp.concurrency(1);
  return sharp;
}

/** The bytes of a PNG file. @param pixels uint8, RGB, [height, width, 3] */
export async function encodePng(pixels: Uint8Array, width: number, height: number): Promise<Buffer> {
  const sharp = await loadSharp();
  return sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
}

/**
 * Reads the size of an image from its header, with EXIF orientation applied as in decoding.
 * @param image path or bytes of a file
 * @returns undefined if the header cannot be read
 */
export async function imageSize(
  image: string | Uint8Array,
): Promise<readonly [width: number, height: number] | undefined> {
  const sharp = await loadSharp();
  try {
    const { autoOrient } = await sharp(image, { limitInputPixels: false }).metadata();
    return [autoOrient.width, autoOrient.height];
  } catch {
    return undefined;
  }
}
