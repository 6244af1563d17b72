/** @module A model in its own worker processes, so that replacing or losing it affects nothing else. */
import { joinSamples, type MetSample } from "../../../src/familiar/index";
import type { ModelCard } from "../../../src/model-directory/index";
import { type Answer, type GoldenResult, type LoadedModel, Problem, type ServedModel } from "../../core/index";
import type { Explanation } from "../../core/models/index";
import type { Method, ResultOf, Work } from "./messages";
import { SupervisedWorker, type SupervisedWorkerOptions } from "./supervised-worker";

export class PooledModel implements ServedModel {
  readonly card: ModelCard;
  readonly sha256: string;
  readonly loadSeconds: number;
  readonly batching: LoadedModel["batching"];

  private constructor(
    readonly name: string,
    private readonly workers: readonly SupervisedWorker[],
    model: LoadedModel,
    private readonly maxQueue: number,
  ) {
    ({ card: this.card, sha256: this.sha256, loadSeconds: this.loadSeconds, batching: this.batching } = model);
  }

  /** Starts the workers and waits until all have loaded the model. @throws {InputError} if it cannot be loaded */
  static async start(options: SupervisedWorkerOptions, count = 1): Promise<PooledModel> {
    const workers = Array.from({ length: count }, () => new SupervisedWorker(options));
    try {
      const [model] = await Promise.all(workers.map((worker) => worker.loaded));
      return new PooledModel(options.name, workers, model as LoadedModel, options.engine.maxQueue * count);
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.close(0)));
      throw error;
    }
  }

  get pids(): number[] {
    return this.workers.flatMap(({ pid }) => pid ?? []);
  }

  predict(image: Uint8Array, signal?: AbortSignal): Promise<Answer> {
    return this.call({ method: "predict" }, image, signal);
  }

  predictTiled(image: Uint8Array, signal?: AbortSignal): Promise<Answer> {
    return this.call({ method: "predictTiled" }, image, signal);
  }

  infer(pixels: Uint8Array, count: number, signal?: AbortSignal): Promise<readonly number[]> {
    return this.call({ method: "infer", numbers: [count] }, pixels, signal);
  }

  explain(image: Uint8Array, grid: number, signal?: AbortSignal): Promise<Explanation> {
    return this.call({ method: "explain", numbers: [grid] }, image, signal);
  }

  thumbnail(image: Uint8Array, edge: number): Promise<Uint8Array> {
    return this.call({ method: "thumbnail", numbers: [edge] }, image);
  }

  async metImages(): Promise<MetSample> {
    return joinSamples(await this.ofAll({ method: "metImages" }));
  }

  async verifyGolden(): Promise<GoldenResult> {
    const results = await this.ofAll({ method: "verifyGolden" });
    return results.find(({ status }) => status === "failed") ?? (results[0] as GoldenResult);
  }

  async close(graceMs?: number): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close(graceMs)));
  }

  private ofAll<M extends Method>(work: Work<M>): Promise<ResultOf<M>[]> {
    return Promise.all(this.workers.map((worker) => worker.call(work)));
  }

  /** Gives the work to the least busy worker; one that is starting counts as one with a full queue. */
  private async call<M extends Method>(work: Work<M>, bytes: Uint8Array, signal?: AbortSignal): Promise<ResultOf<M>> {
    const waiting = this.workers.reduce((sum, { load }) => sum + load, 0);
    if (waiting >= this.maxQueue) throw new Problem("QUEUE_FULL");
    const busy = ({ load, isReady }: SupervisedWorker) => load + (isReady ? 0 : this.maxQueue / this.workers.length);
    const worker = this.workers.reduce((least, other) => (busy(other) < busy(least) ? other : least));
    return worker.call(work, bytes, signal);
  }
}
