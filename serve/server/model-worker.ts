/** @module One worker process and its life: started, watched, started again when it is lost. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { HistoError, InputError } from "../../src/errors/index";
import { Problem } from "../core/index";
import { COLLECTOR_FLAGS } from "./collector";
import type { FromWorker, LoadedModel, ToWorker, Work, WorkerOptions } from "./messages";
import { Wire } from "./wire";

/** Names of environment variables that workers do not get: they decode strangers' images. */
const SECRET = /KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL/i;

/** Only decoders meant for strangers' files, and few memory arenas, which keeps the process small under load. */
const DECODER_SETTINGS = { VIPS_BLOCK_UNTRUSTED: "1", MALLOC_ARENA_MAX: "2" };

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface ModelWorkerOptions {
  readonly directory: string;
  readonly name: string;
  readonly engine: WorkerOptions;
  /** The process was lost without being asked to end, and is being started again. */
  readonly onLost?: (reason: string) => void;
}

/** A process with one model. Work given to it while it starts again waits for it. */
export class ModelWorker {
  private child: ChildProcess | undefined;
  private wire: Wire | undefined;
  private ready: Promise<LoadedModel>;
  private readonly pending = new Map<number, Pending>();
  private serial = 0;
  private closing = false;
  private quickLosses = 0;

  constructor(private readonly options: ModelWorkerOptions) {
    this.ready = this.spawn();
  }

  /** Resolves when the model is loaded. @throws {InputError} the reasons of {@link Predictor.open} */
  get loaded(): Promise<LoadedModel> {
    return this.ready;
  }

  /** Calls that are not answered yet. */
  get load(): number {
    return this.pending.size;
  }

  /** The process's id, for tests that kill it. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  async call(work: Work, bytes?: Uint8Array, signal?: AbortSignal): Promise<unknown> {
    if (!this.isAlive) await this.ready.catch(() => undefined);
    if (!this.isAlive) throw new Problem("MODEL_UNAVAILABLE");
    const id = this.serial++;
    const cancel = () => {
      this.post({ type: "cancel", id });
      this.settle(id)?.reject(new Problem("DEADLINE_EXCEEDED"));
    };
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.pending.set(id, { resolve, reject });
        this.post({ type: "work", id, work }, bytes);
      });
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Ends the process once its work is done, or after `graceMs`. */
  async close(graceMs = 10_000): Promise<void> {
    this.closing = true;
    const until = Date.now() + graceMs;
    while (this.pending.size > 0 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
    const { child } = this;
    if (!child || !this.isAlive) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    (child.stdio[3] as Duplex).destroy();
    const force = setTimeout(() => child.kill("SIGKILL"), 2000);
    await ended;
    clearTimeout(force);
  }

  private spawn(): Promise<LoadedModel> {
    const { directory, name, engine } = this.options;
    const child = spawn(process.execPath, [...COLLECTOR_FLAGS, join(__dirname, "worker.js")], {
      stdio: ["ignore", "inherit", "inherit", "pipe"],
      env: {
        ...withoutSecrets(process.env),
        UV_THREADPOOL_SIZE: String(Math.max(4, engine.decoders)),
        ...DECODER_SETTINGS,
      },
    });
    const started = Date.now();
    this.child = child;
    return new Promise((resolve, reject) => {
      this.wire = new Wire(child.stdio[3] as Duplex, (received, bytes) => {
        const message = received as FromWorker;
        if (message.type === "loaded") resolve(message.model);
        else if (message.type === "failed") {
          const Kind = message.input ? InputError : HistoError;
          reject(new Kind(message.code, message.message));
        } else this.receive(message, bytes);
      });
      this.post({ type: "load", directory, name, options: engine });
      child.on("error", () => undefined);
      child.on("exit", (code, signal) => {
        reject(new HistoError("MODEL_WORKER_LOST", `The worker of ${name} ended while loading (${signal ?? code}).`));
        this.lost(started, signal ?? `exit ${code}`);
      });
    });
  }

  private get isAlive(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  private receive(message: Extract<FromWorker, { type: "done" | "refused" }>, bytes: Uint8Array): void {
    const pending = this.settle(message.id);
    if (message.type === "done") pending?.resolve(message.value ?? bytes);
    else if (message.code === "INTERNAL") pending?.reject(new Error(message.message));
    else pending?.reject(new Problem(message.code, message.message));
  }

  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  private post(message: ToWorker, bytes?: Uint8Array): void {
    this.wire?.send(message, bytes);
  }

  private lost(started: number, reason: string): void {
    for (const id of [...this.pending.keys()]) {
      this.settle(id)?.reject(new Problem("MODEL_UNAVAILABLE", "The worker was lost while it worked on this request."));
    }
    if (this.closing) return;
    this.options.onLost?.(reason);
    // A worker that keeps dying young is started ever more slowly.
    this.quickLosses = Date.now() - started < 5000 ? this.quickLosses + 1 : 0;
    const wait = this.quickLosses <= 1 ? 0 : Math.min(5000, 100 * 2 ** (this.quickLosses - 2));
    const again = new Promise((resolve) => setTimeout(resolve, wait)).then(() => {
      if (this.closing) throw new Problem("SHUTTING_DOWN");
      return this.spawn();
    });
    again.catch(() => undefined);
    this.ready = again;
  }
}

function withoutSecrets(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !SECRET.test(name)));
}
