/** @module The bytes of the next batch, read and augmented by a thread while TensorFlow works on this one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { projectRoot } from "../files/index";

/** What the thread is told once. */
export interface PrefetchPlan {
  /** File of the packed store. */
  readonly store: string;
  /** Names for `augmentationNamed`, and the seed. */
  readonly augment: string;
  readonly seed: number;
  /** One number per slot: 0 while the thread works, else the request that is done (negative: it failed). */
  readonly flags: SharedArrayBuffer;
  readonly slots: readonly SharedArrayBuffer[];
}

/** A batch that the thread shall have ready. */
export interface PrefetchRequest {
  readonly id: number;
  readonly slot: number;
  /** Positions in the store. */
  readonly positions: Uint32Array;
  /** What names the augmentation of each image. */
  readonly images: Uint32Array;
  /** Absent for no augmentation. */
  readonly epoch: number | undefined;
}

const LONGEST_WAIT_MS = 60_000;

/** One thread that stays a batch ahead. Where it cannot help, the caller loads the batch itself. */
export class Prefetcher {
  private readonly worker: Worker;
  private readonly flags: Int32Array;
  private asked: (PrefetchRequest & { readonly key: string }) | undefined;
  private serial = 0;
  private ended = false;

  private constructor(
    private readonly plan: PrefetchPlan,
    file: string,
  ) {
    this.flags = new Int32Array(plan.flags);
    this.worker = new Worker(file, { workerData: plan });
    this.worker.unref();
    // An error ends the thread too, and without a listener the process with it.
    this.worker.on("error", () => this.giveUp());
    this.worker.on("exit", () => this.giveUp());
  }

  /** False once the thread has ended or has been given up: then {@link take} gives nothing and does not wait. */
  get alive(): boolean {
    return !this.ended;
  }

  /** Starts the thread, where the compiled project has one. @param batchBytes bytes of the largest batch */
  static start(plan: Pick<PrefetchPlan, "store" | "augment" | "seed">, batchBytes: number): Prefetcher | undefined {
    const file = join(projectRoot(), "dist", "src", "training", "prefetch-worker.js");
    if (!existsSync(file)) return undefined;
    const slots = [0, 1].map(() => new SharedArrayBuffer(batchBytes));
    return new Prefetcher({ ...plan, slots, flags: new SharedArrayBuffer(8) }, file);
  }

  /** Asks for a batch. */
  ask(positions: Uint32Array, images: Uint32Array, epoch: number | undefined): void {
    if (this.ended) return;
    const id = ++this.serial;
    const slot = id % this.plan.slots.length;
    Atomics.store(this.flags, slot, 0);
    const request: PrefetchRequest = { id, slot, positions, images, epoch };
    this.asked = { ...request, key: keyOf(positions, epoch) };
    this.worker.postMessage(request);
  }

  /** The bytes of a batch if it is the one that was asked for last; waits for the thread. Valid until the next but one. */
  take(positions: Uint32Array, epoch: number | undefined, length: number): Uint8Array | undefined {
    const { asked } = this;
    this.asked = undefined;
    if (!asked || asked.key !== keyOf(positions, epoch)) return undefined;
    if (Atomics.wait(this.flags, asked.slot, 0, LONGEST_WAIT_MS) === "timed-out") {
      // The thread may have died while this one worked, and word of it comes only when this one is idle.
      this.giveUp();
      return undefined;
    }
    if (Atomics.load(this.flags, asked.slot) !== asked.id) return undefined;
    return new Uint8Array(this.plan.slots[asked.slot] as SharedArrayBuffer, 0, length);
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.giveUp();
    await this.worker.terminate();
  }

  private giveUp(): void {
    this.ended = true;
    this.asked = undefined;
  }
}

function keyOf(positions: Uint32Array, epoch: number | undefined): string {
  return `${epoch}:${positions.join()}`;
}
