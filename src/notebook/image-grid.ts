/** @module A grid of captioned images as one PNG. */
import { createCanvas, imageCanvas, TEXT_FONT } from "../canvas/index";
import { counted } from "../format/index";
import { display } from "./display";

/** A square or rectangular image: uint8 RGB, row-major (height, width, channel). */
interface GridImage {
  readonly pixels: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** Text below the image, wrapped to its width. */
  readonly caption?: string;
  /** CSS colour of a frame that marks the image. */
  readonly frame?: string;
}

interface GridOptions {
  readonly columns?: number;
  /** Width of each image in pixels. Default 112. */
  readonly tileWidth?: number;
  readonly title?: string;
}

const CAPTION_FONT = `11px ${TEXT_FONT}`;
/** Line height of captions in pixels. */
const LINE = 16;

export async function displayImages(images: readonly GridImage[], options: GridOptions = {}): Promise<void> {
  display({
    "image/png": await imageGrid(images, options),
    "text/plain": `[${counted(images.length, "image")}${options.title ? `: ${options.title}` : ""}]`,
  });
}

export async function imageGrid(images: readonly GridImage[], options: GridOptions = {}): Promise<Buffer> {
  const { columns = Math.min(8, Math.max(1, images.length)), tileWidth = 112, title } = options;
  const gap = 8;
  const titleHeight = title ? 26 : 0;
  const captions = await captionLines(images, tileWidth);
  const captionHeight = LINE * Math.max(0, ...captions.map((lines) => lines.length));
  const tileHeight = Math.max(1, ...images.map((image) => Math.round((tileWidth * image.height) / image.width)));
  const rows = Math.ceil(images.length / columns);
  const canvas = await createCanvas(
    columns * (tileWidth + gap) + gap,
    titleHeight + rows * (tileHeight + captionHeight + gap) + gap,
  );
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#2a3f5f";
  context.textAlign = "center";
  if (title) {
    context.font = `bold 14px ${TEXT_FONT}`;
    context.fillText(title, canvas.width / 2, 19, canvas.width - 2 * gap);
  }
  for (const [i, image] of images.entries()) {
    const x = gap + (i % columns) * (tileWidth + gap);
    const y = gap + titleHeight + Math.floor(i / columns) * (tileHeight + captionHeight + gap);
    const height = Math.round((tileWidth * image.height) / image.width);
    const source = await imageCanvas(image.pixels, image.width, image.height);
    context.drawImage(source, x, y, tileWidth, height);
    if (image.frame) {
      context.strokeStyle = image.frame;
      context.lineWidth = 3;
      context.strokeRect(x + 1.5, y + 1.5, tileWidth - 3, height - 3);
    }
    context.font = CAPTION_FONT;
    for (const [line, text] of (captions[i] ?? []).entries()) {
      context.fillText(text, x + tileWidth / 2, y + height + 12 + line * LINE, tileWidth);
    }
  }
  return canvas.encode("png");
}

/** The captions, wrapped between words to the width of the images. */
async function captionLines(images: readonly GridImage[], width: number): Promise<string[][]> {
  const context = (await createCanvas(1, 1)).getContext("2d");
  context.font = CAPTION_FONT;
  return images.map(({ caption }) => {
    const lines: string[] = [];
    for (const word of caption?.split(" ").filter(Boolean) ?? []) {
      const longer = `${lines[lines.length - 1]} ${word}`;
      if (lines.length > 0 && context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  });
}
