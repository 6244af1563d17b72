/** @module One worker process from its start to its end, and the calls that it has not answered yet. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { HistoError, InputError, messageOf } from "../../../src/errors/index";
import { Problem } from "../../core/index";
import { COLLECTOR_FLAGS } from "./collector";
import type { FromWorker, LoadedModel, ToWorker, Work, WorkerOptions } from "./messages";
import { Wire } from "./wire";

/** Names of environment variables that workers do not get: they decode strangers' images. */
const SECRET = /KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL/i;

/** Only decoders meant for strangers' files, and few memory arenas, which keeps the process small under load. */
const DECODER_SETTINGS = { VIPS_BLOCK_UNTRUSTED: "1", MALLOC_ARENA_MAX: "2" };

/** How long a process has to end by itself when it is asked to, in milliseconds. */
const END_MS = 2000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface WorkerProcessOptions {
  readonly directory: string;
  readonly name: string;
  readonly engine: WorkerOptions;
}

/** A process with one model. One that cannot load it is ended. */
export class WorkerProcess {
  /** Resolves when the model is loaded. Rejects with {@link InputError} where it cannot be, else {@link HistoError}. */
  readonly loaded: Promise<LoadedModel>;
  private settleLoaded: { resolve(model: LoadedModel): void; reject(error: Error): void } | undefined;
  private readonly child: ChildProcess | undefined;
  private readonly wire: Wire | undefined;
  private readonly pending = new Map<number, Pending>();
  private serial = 0;
  private hasEnded = false;
  private failure: Error | undefined;

  /** @param onEnd learns once why the process is no more, or never was; not before the constructor has returned */
  constructor(
    private readonly options: WorkerProcessOptions,
    private readonly onEnd: (reason: string) => void,
  ) {
    this.loaded = new Promise((resolve, reject) => {
      this.settleLoaded = { resolve, reject };
    });
    // Whoever waits for the model sees why it did not load; without anybody it is no fault.
    this.loaded.catch(() => undefined);
    try {
      const child = spawnWorker(options.engine);
      this.child = child;
      child.on("exit", (code, signal) => this.end(signal ?? `exit ${code}`));
      // Where no process came to be there is no exit; other errors, such as of a signal, end nothing.
      child.on("error", (error) => {
        if (child.pid === undefined) this.end(messageOf(error));
      });
      if (this.line) this.wire = new Wire(this.line, (message, bytes) => this.receive(message as FromWorker, bytes));
    } catch (error) {
      process.nextTick(() => this.end(messageOf(error)));
    }
    const { directory, name, engine } = options;
    this.post({ type: "load", directory, name, options: engine });
  }

  get pid(): number | undefined {
    return this.hasEnded ? undefined : this.child?.pid;
  }

  /** The model's answer; to be asked for when the model is loaded. @throws {Problem} */
  call(work: Work, bytes?: Uint8Array, signal?: AbortSignal): Promise<unknown> {
    if (this.hasEnded) return Promise.reject(new Problem("MODEL_UNAVAILABLE"));
    const id = this.serial++;
    const answer = new Promise((resolve, reject) => this.pending.set(id, { resolve, reject }));
    this.post({ type: "work", id, work }, bytes);
    return untilAborted(answer, signal, () => {
      this.post({ type: "cancel", id });
      this.pending.delete(id);
    });
  }

  /** Ends the process, whatever it is at. */
  async close(): Promise<void> {
    if (this.hasEnded) return;
    const ended = new Promise<void>((resolve) =>
      this.child?.once("exit", () => resolve()).once("error", () => resolve()),
    );
    // A worker ends when its line is closed.
    this.line?.destroy();
    const force = setTimeout(() => this.child?.kill("SIGKILL"), END_MS);
    await ended;
    clearTimeout(force);
  }

  /** Undefined where the system had no room for another process. */
  private get line(): Duplex | undefined {
    return this.child?.stdio?.[3] as Duplex | undefined;
  }

  private receive(message: FromWorker, bytes: Uint8Array): void {
    if (message.type === "loaded") this.settleLoaded?.resolve(message.model);
    else if (message.type === "failed") {
      this.fail(new (message.input ? InputError : HistoError)(message.code, message.message));
    } else this.answer(message, bytes);
  }

  private answer(message: Extract<FromWorker, { type: "done" | "refused" }>, bytes: Uint8Array): void {
    const pending = this.pending.get(message.id);
    this.pending.delete(message.id);
    if (message.type === "done") pending?.resolve(message.value ?? bytes);
    else if (message.code === "INTERNAL") pending?.reject(new Error(message.message));
    else pending?.reject(new Problem(message.code, message.message));
  }

  private post(message: ToWorker, bytes?: Uint8Array): void {
    this.wire?.send(message, bytes);
  }

  /** Ends the process, which is of no use without the model, and gives this as the reason. */
  fail(error: Error): void {
    this.failure = error;
    this.settleLoaded?.reject(error);
    void this.close();
  }

  private end(reason: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    const { name } = this.options;
    this.settleLoaded?.reject(
      new HistoError("MODEL_WORKER_LOST", `The worker of ${name} ended while loading (${reason}).`),
    );
    for (const { reject } of this.pending.values()) {
      reject(new Problem("MODEL_UNAVAILABLE", "The worker was lost while it worked on this request."));
    }
    this.pending.clear();
    this.onEnd(this.failure ? messageOf(this.failure) : reason);
  }
}

/** What the promise gives, unless nobody waits for it any more. @throws {Problem} `DEADLINE_EXCEEDED` */
export function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal, onAbort?: () => void): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => {
      onAbort?.();
      reject(new Problem("DEADLINE_EXCEEDED"));
    };
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

/** @throws {Error} where the system has no room for another process; for some reasons the process has an error instead */
function spawnWorker({ decoders }: WorkerOptions): ChildProcess {
  const environment = Object.entries(process.env).filter(([name]) => !SECRET.test(name));
  return spawn(process.execPath, [...COLLECTOR_FLAGS, join(__dirname, "worker-main.js")], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
    env: {
      ...Object.fromEntries(environment),
      UV_THREADPOOL_SIZE: String(Math.max(4, decoders)),
      ...DECODER_SETTINGS,
    },
  });
}
