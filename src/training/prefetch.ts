/** @module Loads and augments the next batch in a thread while TensorFlow works on the current one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { projectRoot } from "../files/index";

/** The settings of the thread. */
export interface PrefetchPlan {
  /** File of the packed store. */
  readonly store: string;
  /** The store's content: another process may have replaced the file since it was opened. */
  readonly contentHash: string;
  /** A name for `augmentationNamed`. */
  readonly augment: string;
  readonly seed: number;
  /** One number per slot: 0 while the thread works, then the id of the finished request (negative if it failed). */
  readonly flags: SharedArrayBuffer;
  readonly slots: readonly SharedArrayBuffer[];
}

/** A batch for the thread to prepare. */
export interface PrefetchRequest {
  readonly id: number;
  readonly slot: number;
  /** Positions in the store. */
  readonly positions: Uint32Array;
  /** Positions in the examples, which seed the augmentation (see `Examples`). */
  readonly images: Uint32Array;
  /** Undefined for no augmentation. */
  readonly epoch: number | undefined;
}

const LONGEST_WAIT_MS = 60_000;

/** A thread that stays one batch ahead. If it fails, the caller loads the batch itself. */
export class Prefetcher {
  private readonly worker: Worker;
  private readonly flags: Int32Array;
  private requested: (PrefetchRequest & { readonly key: string }) | undefined;
  private serial = 0;
  private ended = false;

  private constructor(
    private readonly plan: PrefetchPlan,
    file: string,
  ) {
    this.flags = new Int32Array(plan.flags);
    this.worker = new Worker(file, { workerData: plan });
    this.worker.unref();
    // Without this listener, an error in the thread would end the process.
    this.worker.on("error", () => this.giveUp());
    this.worker.on("exit", () => this.giveUp());
  }

  /** False once the thread has ended or timed out; {@link take} then returns undefined at once. */
  get alive(): boolean {
    return !this.ended;
  }

  /** Starts the thread; undefined if the project is not compiled. @param batchBytes bytes of the largest batch */
  static start(
    plan: Pick<PrefetchPlan, "store" | "contentHash" | "augment" | "seed">,
    batchBytes: number,
  ): Prefetcher | undefined {
    const file = join(projectRoot(), "dist", "src", "training", "prefetch-worker.js");
    if (!existsSync(file)) return undefined;
    const slots = [0, 1].map(() => new SharedArrayBuffer(batchBytes));
    return new Prefetcher({ ...plan, slots, flags: new SharedArrayBuffer(8) }, file);
  }

  /** Requests a batch. */
  ask(positions: Uint32Array, images: Uint32Array, epoch: number | undefined): void {
    if (this.ended) return;
    const id = ++this.serial;
    const slot = id % this.plan.slots.length;
    Atomics.store(this.flags, slot, 0);
    const request: PrefetchRequest = { id, slot, positions, images, epoch };
    this.requested = { ...request, key: keyOf(positions, epoch) };
    this.worker.postMessage(request);
  }

  /** The bytes of a batch, if it was requested last. Waits for the thread. Valid until the request after the next. */
  take(positions: Uint32Array, epoch: number | undefined, length: number): Uint8Array | undefined {
    const { requested } = this;
    this.requested = undefined;
    if (!requested || requested.key !== keyOf(positions, epoch)) return undefined;
    if (Atomics.wait(this.flags, requested.slot, 0, LONGEST_WAIT_MS) === "timed-out") {
      // The thread may have ended while this one was busy and could not receive the event.
      this.giveUp();
      return undefined;
    }
    if (Atomics.load(this.flags, requested.slot) !== requested.id) return undefined;
    return new Uint8Array(this.plan.slots[requested.slot] as SharedArrayBuffer, 0, length);
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.giveUp();
    await this.worker.terminate();
  }

  private giveUp(): void {
    this.ended = true;
    this.requested = undefined;
  }
}

function keyOf(positions: Uint32Array, epoch: number | undefined): string {
  return `${epoch}:${positions.join()}`;
}
