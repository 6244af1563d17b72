/** @module The size of images without decoding them. */
import sharp from "sharp";

/**
 * Width and height of an image file as it will be decoded (EXIF orientation applied), from its header alone.
 * @returns undefined when the header cannot be read
 */
export async function imageSize(path: string): Promise<readonly [width: number, height: number] | undefined> {
  try {
    const { autoOrient } = await sharp(path).metadata();
    return [autoOrient.width, autoOrient.height];
  } catch {
    return undefined;
  }
}
