/** @module Small image folders for tests, drawn on the spot. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodePng } from "../../src/image/with-sharp";
import { Random } from "../../src/random/index";

/** Of MHIST, which the preprocessing of test runs expects. */
const MEAN_COLOUR = [188, 165, 198];

/** A drawn tile. */
interface DrawnTile {
  /** Name within the folder, such as `HP/3.png`. */
  readonly name: string;
  /** uint8 [size, size, 3] */
  readonly pixels: Uint8Array;
}

/**
 * Writes a folder with one folder per class. Tiles are mixtures of a few smooth patterns (as real tiles nearly are) and a
 * little noise; class SSA has more of the first pattern.
 */
export async function writeTileFolder(path: string, perClass: number, size: number): Promise<DrawnTile[]> {
  const random = new Random(5, "tiles");
  const patterns = Array.from({ length: 6 }, () => {
    const [fx, fy, phase] = [random.uniform(0, 4), random.uniform(0, 4), random.uniform(0, 6)];
    return Float64Array.from({ length: size * size * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % size, Math.floor(i / 3 / size)];
      return 25 * Math.sin((2 * Math.PI * (fx * x + fy * y)) / size + phase + (i % 3) / 2);
    });
  });
  const tiles: DrawnTile[] = [];
  for (const [label, name] of ["HP", "SSA"].entries()) {
    await mkdir(join(path, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const weights = patterns.map((_, k) => random.normal(k === 0 ? label : 0, 0.6));
      const pixels = Uint8Array.from({ length: size * size * 3 }, (_, at) => {
        const plain = MEAN_COLOUR[at % 3]! + random.normal(0, 2);
        const sum = patterns.reduce((total, pattern, k) => total + weights[k]! * pattern[at]!, plain);
        return Math.min(255, Math.max(0, Math.round(sum)));
      });
      await writeFile(join(path, name, `${i}.png`), await encodePng(pixels, size, size));
      tiles.push({ name: `${name}/${i}.png`, pixels });
    }
  }
  return tiles;
}
