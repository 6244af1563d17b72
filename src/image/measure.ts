/** @module The size of images without decoding them. */
import sharp from "sharp";

/**
 * Width and height of an image (its file, or the file's bytes) as it will be decoded (EXIF orientation applied), from its header alone.
 * @returns undefined when the header cannot be read
 */
export async function imageSize(
  image: string | Uint8Array,
): Promise<readonly [width: number, height: number] | undefined> {
  try {
    const { autoOrient } = await sharp(image, { limitInputPixels: false }).metadata();
    return [autoOrient.width, autoOrient.height];
  } catch {
    return undefined;
  }
}
