/** @module The models of a server: loads them together, replaces them one by one, closes them. */
import { HistoError, InputError } from "../../src/errors/index";
import { DEFAULT_ENGINE_OPTIONS, type Metrics, type ModelRegistry } from "../core/index";
import type { Logger } from "./logging";
import { PooledModel, type WorkerOptions } from "./workers/index";

interface ServedModelsOptions {
  readonly named: readonly (readonly [name: string, directory: string])[];
  readonly registry: ModelRegistry;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly workers?: number | undefined;
  readonly engine?: Partial<WorkerOptions> | undefined;
  /** Longest time that a replaced model may take for the requests that it has begun, in milliseconds. */
  readonly graceMs: number;
}

export class ServedModels {
  private isClosing = false;
  private replacing: Promise<void> | undefined;

  constructor(private readonly options: ServedModelsOptions) {}

  /** Loads all models. @throws {InputError} if one cannot be loaded; the workers of the others are ended */
  async load(): Promise<void> {
    const results = await Promise.allSettled(
      this.options.named.map(([name, directory]) => this.start(name, directory)),
    );
    const models = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    const failed = results.find((result) => result.status === "rejected");
    if (failed) {
      await Promise.all(models.map((model) => model.close(0)));
      throw failed.reason instanceof Error ? failed.reason : new HistoError("MODEL_FAILED", String(failed.reason));
    }
    for (const model of models) this.register(model);
  }

  /**
   * Loads the directories again and replaces each model without a failed request. All calls during a reload share one
   * further reload.
   */
  readonly reload = coalesced(() => {
    this.replacing = this.replaceAll();
    return this.replacing;
  });

  /** Stops replacing models, before {@link ServedModels.close}. */
  stopReloading(): void {
    this.isClosing = true;
  }

  async close(): Promise<void> {
    this.stopReloading();
    // A model that is being loaded or replaced has workers too.
    await this.replacing?.catch(() => undefined);
    await Promise.all(this.options.registry.all().map((model) => model.close()));
  }

  private async replaceAll(): Promise<void> {
    const { named, registry, logger, graceMs } = this.options;
    for (const [name, directory] of named) {
      if (this.isClosing) return;
      const model = await this.start(name, directory);
      if (this.isClosing) return model.close(0);
      const before = registry.get(name);
      this.register(model, before.sha256);
      logger.info({ model: name, sha256: model.sha256 }, "model replaced");
      await before.close(graceMs);
    }
  }

  private register(model: PooledModel, replaced?: string): void {
    const { registry, metrics } = this.options;
    const { name, sha256 } = model;
    registry.set(model);
    if (replaced !== undefined) metrics.modelInfo.remove({ model: name, sha256: replaced });
    metrics.modelInfo.set({ model: name, sha256 }, 1);
  }

  /** Starts a model and checks its golden answer. */
  private async start(name: string, directory: string): Promise<PooledModel> {
    const { engine, workers, metrics, logger } = this.options;
    const onLost = (reason: string) => {
      metrics.workerRestarts.inc({ model: name });
      logger.error({ model: name, reason }, "worker lost");
    };
    const options = { name, directory, engine: { ...DEFAULT_ENGINE_OPTIONS, ...engine }, onLost };
    const model = await PooledModel.start(options, workers);
    try {
      const golden = await model.verifyGolden();
      if (golden.status !== "failed") return model;
      const message = `${directory} does not reproduce its golden answer (logit ${golden.logit}, expected ${golden.expected}); export it again.`;
      throw new InputError("MODEL_GOLDEN_FAILED", message);
    } catch (error) {
      await model.close(0);
      throw error;
    }
  }
}

/** Returns a function that runs `task` once the current run has ended. All calls during a run share one further run. */
function coalesced(task: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  return () => {
    waiting ??= last = last
      .catch(() => undefined)
      .then(() => {
        waiting = undefined;
        return task();
      });
    return waiting;
  };
}
