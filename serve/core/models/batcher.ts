/**
 * @module Micro-batching: simultaneous requests share one run of the network, which reads the weights only once. A single request
 * never waits.
 */
export interface BatchingOptions {
  /** Largest batch. */
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
export class Batcher<Item, Result> {
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
