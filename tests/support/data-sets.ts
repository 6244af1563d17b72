/** @module Small data sets on disk for tests. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { writeSyntheticDataset } from "../../src/dataset/synthetic/index";
import { encodePng } from "../../src/image/with-sharp";
import { Random } from "../../src/random/index";
import { sharedDirectory, temporaryDirectory } from "./temporary-directory";

/** Smooth random RGB pixels, different for each seed: [size, size, 3]. */
export function texture(seed: number, size: number): Uint8Array {
  const random = new Random(seed, "texture");
  const waves = Array.from({ length: 12 }, () => ({
    x: random.uniform(-8, 8),
    y: random.uniform(-8, 8),
    phase: random.uniform(0, 7),
    colour: [random.uniform(0, 22), random.uniform(0, 22), random.uniform(0, 22)] as const,
  }));
  const pixels = new Uint8Array(size * size * 3);
  for (let i = 0; i < pixels.length; i++) {
    const [channel, x, y] = [i % 3, (Math.floor(i / 3) % size) / size, Math.floor(i / 3 / size) / size];
    let value = 128;
    for (const wave of waves)
      value += (wave.colour[channel] as number) * Math.sin(wave.x * x + wave.y * y + wave.phase);
    pixels[i] = Math.max(0, Math.min(255, value));
  }
  return pixels;
}

/** A PNG of {@link texture}. */
export function texturePng(seed: number, size: number): Promise<Buffer> {
  return encodePng(texture(seed, size), size, size);
}

/** Writes files below a folder; their names may have folders. */
export async function writeFiles(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** A CSV data set of `count` textures, every third one `SSA`, every fifth one in test. */
export async function writeCsvSet(folder: string, count: number, size = 16): Promise<string> {
  const rows = ["image,label,partition"];
  for (let i = 0; i < count; i++) {
    rows.push(`${i}.png,${i % 3 === 0 ? "SSA" : "HP"},${i % 5 === 0 ? "test" : "train"}`);
    await writeFiles(folder, { [`images/${i}.png`]: await texturePng(i, size) });
  }
  return writeFiles(folder, { "labels.csv": `${rows.join("\n")}\n` });
}

/** Thirty textures: six in test, the others in folds 0 to 2. */
export async function setWithFolds(context: TestContext): Promise<string> {
  const folder = await temporaryDirectory(context);
  const rows = ["image,label,partition,fold"];
  for (let i = 0; i < 30; i++) {
    rows.push(`${i}.png,${i % 2 ? "SSA" : "HP"},${i < 6 ? "test," : `train,${i % 3}`}`);
    await writeFiles(folder, { [`images/${i}.png`]: await texturePng(i, 16) });
  }
  return writeFiles(folder, { "labels.csv": rows.join("\n") });
}

const drawnSets = new Map<string, Promise<string>>();

/** A drawn data set for tests that only read it: made once in a process for the same options. */
export function drawnSet(options: Omit<Parameters<typeof writeSyntheticDataset>[0], "out">): Promise<string> {
  const name = JSON.stringify(options);
  const made =
    drawnSets.get(name) ?? writeSyntheticDataset({ ...options, out: sharedDirectory() }).then(({ out }) => out);
  drawnSets.set(name, made);
  return made;
}
