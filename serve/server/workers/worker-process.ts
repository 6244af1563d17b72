/** @module One worker process and its unanswered calls. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { HistoError, InputError, messageOf } from "../../../src/errors/index";
import { bytesIn } from "../../../src/files/index";
import { environmentWithoutSecrets, largePagesFor } from "../../../src/machine/index";
import { type LoadedModel, Problem } from "../../core/index";
import {
  type FromWorker,
  type Method,
  type ResultOf,
  type ToWorker,
  Wire,
  type Work,
  type WorkerOptions,
} from "./messages";

/** Allows only decoders for untrusted files; few memory arenas keep the process small under load. */
const DECODER_SETTINGS = { VIPS_BLOCK_UNTRUSTED: "1", MALLOC_ARENA_MAX: "2" };

/** Time for a process to end by itself, in milliseconds. */
const END_MS = 2000;

/** Seconds without a message after which a process with unanswered calls is ended: three times what an answer may take. */
const HUNG_SECONDS = 90;
/** The time is counted in parts, because the clock goes on while a whole container is paused. */
const PARTS = 9;

export interface WorkerProcessOptions {
  readonly directory: string;
  readonly name: string;
  readonly engine: WorkerOptions;
  readonly hungSeconds?: number | undefined;
}

/** A process with one model. Ends the process if it cannot load the model. */
export class WorkerProcess {
  /** Resolves when the model is loaded. Rejects with {@link InputError} for an unusable model, else {@link HistoError}. */
  readonly loaded: Promise<LoadedModel>;
  private settleLoaded: { resolve(model: LoadedModel): void; reject(error: Error): void } | undefined;
  private readonly child: ChildProcess | undefined;
  private readonly wire: Wire | undefined;
  private readonly pending = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  private serial = 0;
  /** Calls without an answer, also those that nobody waits for any more. */
  private unanswered = 0;
  private silentParts = 0;
  private watch: NodeJS.Timeout | undefined;
  private hasEnded = false;
  private failure: Error | undefined;

  /** @param onEnd gets, once, the reason why the process ended or did not start; never before the constructor returns */
  constructor(
    private readonly options: WorkerProcessOptions,
    private readonly onEnd: (reason: string) => void,
  ) {
    this.loaded = new Promise((resolve, reject) => {
      this.settleLoaded = { resolve, reject };
    });
    // A failed load that nobody waits for must not end the server.
    this.loaded.catch(() => undefined);
    try {
      const child = spawnWorker(options);
      this.child = child;
      child.on("exit", (code, signal) => this.end(signal ?? `exit ${code}`));
      // A process that did not start has no exit event. Other errors, such as of a signal, end nothing.
      child.on("error", (error) => {
        if (child.pid === undefined) this.end(messageOf(error));
      });
      if (this.stream)
        this.wire = new Wire(this.stream, (message, bytes) => this.receive(message as FromWorker, bytes));
    } catch (error) {
      process.nextTick(() => this.end(messageOf(error)));
    }
    const { directory, name, engine } = options;
    this.post({ type: "load", directory, name, options: engine });
  }

  get pid(): number | undefined {
    return this.hasEnded ? undefined : this.child?.pid;
  }

  /** Calls the model, which must be loaded. @throws {Problem} */
  call<M extends Method>(work: Work<M>, bytes?: Uint8Array, signal?: AbortSignal): Promise<ResultOf<M>> {
    if (this.hasEnded) return Promise.reject(new Problem("MODEL_UNAVAILABLE"));
    const id = this.serial++;
    this.unanswered++;
    this.watch ??= this.watchForSilence();
    const answer = new Promise<ResultOf<M>>((resolve, reject) => this.pending.set(id, { resolve, reject }));
    this.post({ type: "work", id, work }, bytes);
    return untilAborted(answer, signal, () => {
      this.post({ type: "cancel", id });
      this.pending.delete(id);
    });
  }

  async close(): Promise<void> {
    if (this.hasEnded) return;
    const ended = new Promise<void>((resolve) =>
      this.child?.once("exit", () => resolve()).once("error", () => resolve()),
    );
    // A worker ends when its stream is closed.
    this.stream?.destroy();
    const force = setTimeout(() => this.child?.kill("SIGKILL"), END_MS);
    await ended;
    clearTimeout(force);
  }

  /** Undefined if the system could not start a process. */
  private get stream(): Duplex | undefined {
    return this.child?.stdio?.[3] as Duplex | undefined;
  }

  private receive(message: FromWorker, bytes: Uint8Array): void {
    this.silentParts = 0;
    if (message.type === "loaded") this.settleLoaded?.resolve(message.model);
    else if (message.type === "failed") {
      this.fail(new (message.input ? InputError : HistoError)(message.code, message.message));
    } else this.answer(message, bytes);
  }

  private answer(message: Extract<FromWorker, { type: "done" | "refused" }>, bytes: Uint8Array): void {
    const pending = this.pending.get(message.id);
    this.pending.delete(message.id);
    this.unanswered--;
    if (message.type === "done") pending?.resolve(message.value ?? bytes);
    else if (message.code === "INTERNAL") pending?.reject(new Error(message.message));
    else pending?.reject(new Problem(message.code, message.message));
  }

  private post(message: ToWorker, bytes?: Uint8Array): void {
    this.wire?.send(message, bytes);
  }

  /** Ends a process that does not answer, such as one in an endless loop; the supervisor starts another. */
  private watchForSilence(): NodeJS.Timeout {
    const { hungSeconds = HUNG_SECONDS } = this.options;
    const look = () => {
      this.silentParts = this.unanswered === 0 ? 0 : this.silentParts + 1;
      if (this.silentParts <= PARTS) return;
      this.failure ??= new HistoError("MODEL_WORKER_HUNG", `it answered nothing for ${hungSeconds} s`);
      this.child?.kill("SIGKILL");
    };
    return setInterval(look, (1000 * hungSeconds) / PARTS).unref();
  }

  /** Ends a process without a usable model. */
  fail(error: Error): void {
    this.failure = error;
    this.settleLoaded?.reject(error);
    void this.close();
  }

  private end(reason: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearInterval(this.watch);
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

/** The promise's value, unless the signal comes first. @throws {Problem} `DEADLINE_EXCEEDED` */
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

/** @throws {Error} if the system cannot start another process; in some cases the process emits an error instead */
function spawnWorker({ directory, engine: { decoders } }: WorkerProcessOptions): ChildProcess {
  return spawn(process.execPath, [...MODEL_WORKER_FLAGS, join(__dirname, "worker-main.js")], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
    env: {
      ...environmentWithoutSecrets(),
      UV_THREADPOOL_SIZE: String(Math.max(4, decoders)),
      ...DECODER_SETTINGS,
      ...largePagesFor(bytesOf(directory)),
    },
  });
}

/** Bytes of a model; 0 if it cannot be read, which the worker reports. */
function bytesOf(directory: string): number {
  try {
    return bytesIn(directory);
  } catch {
    return 0;
  }
}

/**
 * Flags for the command line of a worker process: its heap may grow to four times its live size. A larger young generation
 * frees images together and costs 32 MB.
 */
const MODEL_WORKER_FLAGS: readonly string[] = ["--heap-growing-percent=300", "--min-semi-space-size=16"];

/** Lets the heap of the running process, a server's, grow to three times its live size. */
export function collectLessOften(): void {
  setFlagsFromString("--heap-growing-percent=200");
}
