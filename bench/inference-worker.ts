/** @module Child process of the inference benchmark: measures one model with the project's predictor. */
import { Predictor } from "../src/inference/index";
import { median } from "./median";

/** Times of one process with one model. */
export interface InferenceTimes {
  /** Time to load the model, checksums included. */
  readonly loadSeconds: number;
  /** Median time of the network alone for one image. */
  readonly p50Seconds: number;
  readonly imagesPerSecond: { readonly batch1: number; readonly batch8: number; readonly batch64: number };
  /** Resident memory of the process after predictions of one image. */
  readonly memoryBytes: number;
}

/** Measured runs for each number of images. Up to 20 runs before them are not counted. */
const REPEATS = { 1: 100, 8: 8, 64: 3 } as const;

async function measure(directory: string, threads: number): Promise<InferenceTimes> {
  const started = performance.now();
  const predictor = await Predictor.open(directory, { threads });
  const loadSeconds = (performance.now() - started) / 1000;
  const { size } = predictor.card.preprocessing;
  const seconds = async (count: 1 | 8 | 64) => {
    const pixels = Uint8Array.from({ length: count * size * size * 3 }, (_, i) => (i * 2654435761) >>> 24);
    return medianSeconds(REPEATS[count], () => predictor.predictPixels(pixels, count));
  };
  const one = await seconds(1);
  const memoryBytes = process.memoryUsage().rss;
  const [eight, many] = [await seconds(8), await seconds(64)];
  await predictor.close();
  const imagesPerSecond = { batch1: 1 / one, batch8: 8 / eight, batch64: 64 / many };
  return { loadSeconds, p50Seconds: one, imagesPerSecond, memoryBytes };
}

/** Median duration of `repeats` sequential runs, after warming up. */
async function medianSeconds(repeats: number, work: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < Math.min(20, repeats); i++) await work();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const started = performance.now();
    await work();
    times.push((performance.now() - started) / 1000);
  }
  return median(times);
}

const [directory, threads] = process.argv.slice(2);
if (directory) {
  measure(directory, Number(threads)).then(
    (times) => process.stdout.write(`${JSON.stringify(times)}\n`),
    (error) => {
      process.stderr.write(`${error}\n`);
      process.exitCode = 1;
    },
  );
}
