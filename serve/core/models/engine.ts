/** @module Runs a model in one process: a limited number of decoders, micro-batches, one session. */
import { HistoError } from "../../../src/errors/index";
import { occlusion } from "../../../src/explanation/index";
import { MetImages, type MetSample } from "../../../src/familiar/index";
import type { PreprocessedImage } from "../../../src/inference/index";
import { decisionOn } from "../../../src/logits/index";
import { Limit } from "../../../src/machine/index";
import type { ModelCard } from "../../../src/model-directory/index";
import { Problem, type ProblemCode } from "../http/index";
import type { Answer, Explanation, GoldenResult, InferenceBackend, LoadedModel, ServedModel } from "./served-model";

interface BatchingOptions {
  readonly maxBatch: number;
  /** How long a request may wait for others that are being decoded, in milliseconds. */
  readonly maxDelayMs: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects items into batches. One batch runs at a time. */
class Batcher<Item, Result> {
  private queue: Waiting<Item, Result>[] = [];
  private timer: NodeJS.Timeout | undefined;
  private running = false;

  /**
   * @param run processes a batch; returns one result per item in the same order
   * @param expected number of further items in preparation, the only ones to wait for
   */
  constructor(
    private readonly options: BatchingOptions,
    private readonly run: (items: readonly Item[]) => Promise<readonly Result[]>,
    private readonly expected: () => number = () => 0,
  ) {}

  submit(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.queue.push({ item, resolve, reject });
      this.schedule();
    });
  }

  /** Must be called when an expected item fails, so that no batch waits for it. */
  schedule(): void {
    if (this.running || this.queue.length === 0) return;
    const { maxBatch, maxDelayMs } = this.options;
    if (this.queue.length >= maxBatch || this.expected() === 0 || maxDelayMs <= 0) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), maxDelayMs);
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.running || this.queue.length === 0) return;
    const batch = this.queue.splice(0, this.options.maxBatch);
    this.running = true;
    this.run(batch.map(({ item }) => item))
      .then(
        (results) => {
          for (const [i, waiting] of batch.entries()) waiting.resolve(results[i] as Result);
        },
        (error: unknown) => {
          for (const waiting of batch) waiting.reject(error);
        },
      )
      .finally(() => {
        this.running = false;
        this.schedule();
      });
  }
}

export interface EngineOptions extends BatchingOptions {
  /** Number of images decoded concurrently. */
  readonly decoders: number;
  /** Number of requests that may wait or run; further ones get `QUEUE_FULL`. */
  readonly maxQueue: number;
}

export const DEFAULT_ENGINE_OPTIONS: EngineOptions = { maxBatch: 16, maxDelayMs: 8, decoders: 4, maxQueue: 256 };

/** Small batches for long work, so that other predictions can run in between. */
const LONG_WORK_BATCH = 8;

export class Engine implements ServedModel {
  private readonly decoding: Limit;
  private readonly explaining = new Limit(1);
  private readonly tiling = new Limit(1);
  private readonly batcher: Batcher<Uint8Array, { logit: number; seconds: number; batch: number; started: number }>;
  private readonly met = new MetImages();
  readonly card: ModelCard;
  readonly sha256: string;
  readonly loadSeconds: number;
  readonly batching: LoadedModel["batching"];
  private active = 0;

  constructor(
    readonly name: string,
    private readonly backend: InferenceBackend,
    private readonly options: EngineOptions = DEFAULT_ENGINE_OPTIONS,
  ) {
    ({ card: this.card, sha256: this.sha256, loadSeconds: this.loadSeconds, batching: this.batching } = backend);
    this.decoding = new Limit(options.decoders);
    this.batcher = new Batcher(
      backend.batching === "single" ? { ...options, maxBatch: 1 } : options,
      async (pixels) => {
        const started = performance.now();
        const logits = await backend.run(pixels);
        const seconds = (performance.now() - started) / 1000;
        return pixels.map((_, i) => ({ logit: logits[i] as number, seconds, batch: pixels.length, started }));
      },
      () => this.decoding.load,
    );
  }

  predict(image: Uint8Array, signal?: AbortSignal): Promise<Answer> {
    return this.admit(async () => {
      const arrived = performance.now();
      const { pixels, features, inDistribution, warnings, ...decoded } = await this.decode(image, signal);
      const { seconds: preprocessSeconds } = decoded;
      if (features) this.met.add(features);
      const { logit, seconds: inferenceSeconds, batch } = await this.batcher.submit(pixels);
      const decision = decisionOn(logit, this.card);
      const total = (performance.now() - arrived) / 1000;
      return {
        ...decision,
        preprocessSeconds,
        inferenceSeconds,
        queueSeconds: Math.max(0, total - preprocessSeconds - inferenceSeconds),
        batchSize: batch,
        inDistribution,
        warnings,
      };
    });
  }

  async predictTiled(image: Uint8Array, signal?: AbortSignal): Promise<Answer> {
    const arrived = performance.now();
    const tiled = await this.inTurn(this.tiling, () => {
      if (signal?.aborted) throw new Problem("DEADLINE_EXCEEDED");
      return asProblem(this.backend.predictTiled(image, (tiles) => this.submitInTurns(tiles, signal)));
    });
    if (!tiled) return this.predict(image, signal);
    const { preprocessSeconds, inferenceSeconds } = tiled;
    const queueSeconds = Math.max(0, since(arrived) - preprocessSeconds - inferenceSeconds);
    return { ...tiled, queueSeconds, batchSize: LONG_WORK_BATCH };
  }

  infer(pixels: Uint8Array, count: number): Promise<readonly number[]> {
    return this.admit(async () => {
      const bytes = pixels.length / count;
      const images = Array.from({ length: count }, (_, i) => pixels.subarray(i * bytes, (i + 1) * bytes));
      return (await this.submitAll(images)).map((logit) => decisionOn(logit, this.card).logit);
    });
  }

  explain(image: Uint8Array, grid: number, signal?: AbortSignal): Promise<Explanation> {
    return this.inTurn(this.explaining, async () => {
      const started = performance.now();
      const { pixels } = await this.decode(image, signal);
      const each = () => signal?.throwIfAborted();
      const run = (images: readonly Uint8Array[]) => this.submitAll(images);
      const parts = await occlusion(pixels, this.card.preprocessing, grid, run, { batch: LONG_WORK_BATCH, each });
      // Optional: a failure does not affect the rest.
      const classActivation = await this.backend.classActivation(pixels).catch(() => undefined);
      return { grid, ...parts, classActivation: classActivation ?? null, seconds: since(started) };
    });
  }

  thumbnail(image: Uint8Array, edge: number): Promise<Uint8Array> {
    return this.admit(() => this.decoding.run(() => asProblem(this.backend.thumbnail(image, edge))));
  }

  async metImages(): Promise<MetSample> {
    return this.met.sample();
  }

  verifyGolden(): Promise<GoldenResult> {
    return this.backend.verifyGolden();
  }

  close(): Promise<void> {
    return this.backend.close();
  }

  private async submitAll(images: readonly Uint8Array[]): Promise<number[]> {
    return (await Promise.all(images.map((image) => this.batcher.submit(image)))).map(({ logit }) => logit);
  }

  private async submitInTurns(images: readonly Uint8Array[], signal: AbortSignal | undefined): Promise<number[]> {
    const logits: number[] = [];
    for (let first = 0; first < images.length; first += LONG_WORK_BATCH) {
      signal?.throwIfAborted();
      logits.push(...(await this.submitAll(images.slice(first, first + LONG_WORK_BATCH))));
    }
    return logits;
  }

  private async decode(image: Uint8Array, signal?: AbortSignal): Promise<PreprocessedImage> {
    try {
      return await this.decoding.run(async () => {
        if (signal?.aborted) throw new Problem("DEADLINE_EXCEEDED");
        return await asProblem(this.backend.decode(image, this.active === 1));
      });
    } finally {
      // The batch may be waiting only for this image.
      this.batcher.schedule();
    }
  }

  /** Runs long work one at a time; what waits of its kind must leave room for predictions. */
  private inTurn<T>(kind: Limit, work: () => Promise<T>): Promise<T> {
    return this.admit(async () => {
      if (kind.load >= this.options.maxQueue / 4) throw new Problem("QUEUE_FULL");
      return kind.run(work);
    });
  }

  private async admit<T>(task: () => Promise<T>): Promise<T> {
    if (this.active >= this.options.maxQueue) throw new Problem("QUEUE_FULL");
    this.active++;
    try {
      return await task();
    } finally {
      this.active--;
    }
  }
}

function since(started: number): number {
  return (performance.now() - started) / 1000;
}

const IMAGE_PROBLEMS: Readonly<Record<string, ProblemCode>> = {
  IMAGE_UNSUPPORTED: "IMAGE_TYPE_UNSUPPORTED",
  IMAGE_CORRUPT: "IMAGE_CORRUPT",
  IMAGE_TOO_LARGE: "IMAGE_TOO_LARGE",
  IMAGE_SIZE: "IMAGE_SIZE_MISMATCH",
};

/** Converts the decoder's errors to problems. Their messages contain no paths, because images are given as bytes. */
async function asProblem<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof HistoError ? IMAGE_PROBLEMS[error.code] : undefined;
    if (!code) throw error;
    throw new Problem(code, (error as HistoError).toClient);
  }
}
