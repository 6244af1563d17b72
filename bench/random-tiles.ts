/** @module A store of smooth random tiles, as many as MHIST has for training. */
import { readFileSync } from "node:fs";
import type { PixelStore } from "../src/dataset/index";
import { Random } from "../src/random/index";

/** Tiles in memory: low-frequency colour fields and a little noise, so that they have a spectrum like tissue's. */
export function randomTiles(count: number, size: number): PixelStore {
  return storeOf(randomPixels(count, size), size);
}

/** The tiles of a file of raw pixels, uint8 [count, size, size, 3], in memory. */
export function tilesOfFile(path: string, size: number): PixelStore {
  return storeOf(readFileSync(path), size);
}

/** The pixels of {@link randomTiles}, uint8 [count, size, size, 3]. */
export function randomPixels(count: number, size: number): Uint8Array {
  const bytesPerImage = size * size * 3;
  const pixels = new Uint8Array(count * bytesPerImage);
  for (let image = 0; image < count; image++) {
    const random = new Random(7, "tile", image);
    const waves = Array.from({ length: 6 }, () => [
      random.uniform(0, 0.2),
      random.uniform(0, 0.2),
      random.uniform(0, 6),
    ]);
    const target = pixels.subarray(image * bytesPerImage, (image + 1) * bytesPerImage);
    for (let i = 0; i < bytesPerImage; i++) {
      const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
      const [fx, fy, phase] = waves[(i % 3) + (((x >> 5) + (y >> 5)) % 2) * 3] as [number, number, number];
      target[i] = 140 + 60 * Math.sin(fx * x + fy * y + phase) + (random.bits() % 40);
    }
  }
  return pixels;
}

function storeOf(pixels: Uint8Array, size: number): PixelStore {
  const bytesPerImage = size * size * 3;
  return {
    size,
    bytesPerImage,
    read(positions: ArrayLike<number>, into: Uint8Array) {
      for (let i = 0; i < positions.length; i++) {
        const start = (positions[i] as number) * bytesPerImage;
        into.set(pixels.subarray(start, start + bytesPerImage), i * bytesPerImage);
      }
    },
  } as PixelStore;
}
