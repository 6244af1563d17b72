/** @module A worker that is restarted when its process is lost. */
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { HistoError } from "../../../src/errors/index";
import { type LoadedModel, Problem } from "../../core/index";
import type { Method, ResultOf, Work } from "./messages";
import { untilAborted, WorkerProcess, type WorkerProcessOptions } from "./worker-process";

/** A process that ends sooner than this after its start is likely to fail again. */
const YOUNG_MS = 5000;
const LONGEST_PAUSE_MS = 5000;

export interface SupervisedWorkerOptions extends WorkerProcessOptions {
  /** Called when the process ended unexpectedly and is being restarted. */
  readonly onLost?: (reason: string) => void;
}

/**
 * A process with one model, and its replacements with the same model. Work waits for a restart and is refused only if
 * the restart fails.
 */
export class SupervisedWorker {
  /** Whether the process runs and has loaded the model. */
  isReady = false;
  /** Number of unanswered calls, including those that wait for the process. */
  load = 0;
  private process: WorkerProcess;
  /** The current or next process, once its model is loaded. */
  private ready: Promise<WorkerProcess>;
  private first: LoadedModel | undefined;
  private losses = 0;
  private readonly closing = new AbortController();

  constructor(private readonly options: SupervisedWorkerOptions) {
    this.process = this.start();
    this.ready = this.whenLoaded(this.process);
    this.ready.catch(() => undefined);
  }

  /** Resolves when the model is loaded for the first time; a worker that fails before is not restarted. */
  get loaded(): Promise<LoadedModel> {
    return this.process.loaded;
  }

  /** The process's id, for tests that kill it. */
  get pid(): number | undefined {
    return this.process.pid;
  }

  /** @throws {Problem} `MODEL_UNAVAILABLE`, `DEADLINE_EXCEEDED`, and the model's own problems */
  async call<M extends Method>(work: Work<M>, bytes?: Uint8Array, signal?: AbortSignal): Promise<ResultOf<M>> {
    this.load++;
    try {
      const process = await untilAborted(this.ready, signal).catch((error: unknown) => {
        throw error instanceof Problem ? error : new Problem("MODEL_UNAVAILABLE");
      });
      return await process.call(work, bytes, signal);
    } finally {
      this.load--;
    }
  }

  /** Ends the process once its work is done, or after `graceMs`. */
  async close(graceMs = 10_000): Promise<void> {
    this.closing.abort();
    const until = Date.now() + graceMs;
    while (this.load > 0 && Date.now() < until) await sleep(10);
    await this.process.close();
  }

  private start(): WorkerProcess {
    const started = performance.now();
    return new WorkerProcess(this.options, (reason) => this.lost(reason, performance.now() - started));
  }

  private async whenLoaded(process: WorkerProcess): Promise<WorkerProcess> {
    const model = await process.loaded;
    this.first ??= model;
    if (!isSameModel(model, this.first)) {
      const error = new HistoError(
        "MODEL_REPLACED",
        `${this.options.directory} holds another model than the one that is served; reload the models (SIGHUP) to take it.`,
      );
      process.fail(error);
      throw error;
    }
    this.isReady = true;
    return process;
  }

  private lost(reason: string, livedMs: number): void {
    const wasLoaded = this.isReady;
    this.isReady = false;
    if (!this.first || this.closing.signal.aborted) return;
    this.options.onLost?.(reason);
    // Each early failure lengthens the pause before the next start.
    this.losses = wasLoaded && livedMs >= YOUNG_MS ? 0 : this.losses + 1;
    const pause = this.losses <= 1 ? 0 : Math.min(LONGEST_PAUSE_MS, 100 * 2 ** (this.losses - 2));
    this.ready = this.startAgain(pause);
    this.ready.catch(() => undefined);
  }

  private async startAgain(pause: number): Promise<WorkerProcess> {
    const { signal } = this.closing;
    await sleep(pause, undefined, { signal });
    signal.throwIfAborted();
    this.process = this.start();
    return this.whenLoaded(this.process);
  }
}

/** Compares all but the load times. */
function isSameModel(a: LoadedModel, b: LoadedModel): boolean {
  return a.sha256 === b.sha256 && isDeepStrictEqual(a.card, b.card);
}
