/** @module Starts the worker thread that sends spools, so that a busy training thread does not delay it. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import type { Notice, Patience } from "./retry-policy";
import type { SpoolSenderReport } from "./spool-sender-report";
import {
  type OpenCommand,
  type SpoolSenderCommand,
  type SpoolSenderMessage,
  SpoolSenderService,
} from "./spool-sender-service";

interface Listener {
  readonly directory: string;
  notice(notice: Notice): void;
  report(report: SpoolSenderReport): void;
}

export interface OpenSpoolSender {
  /** There are no more events. Resolves when everything is sent, or when patience ends. */
  close(patience: Patience): Promise<SpoolSenderReport>;
}

class SpoolSenderHost {
  private readonly listeners = new Map<number, Listener>();
  private lastId = 0;
  private readonly worker: Worker | undefined;
  private readonly service: SpoolSenderService | undefined;
  private closing = 0;

  constructor() {
    const file = workerFile();
    if (file) {
      this.worker = new Worker(file, { stdout: false, stderr: false });
      this.worker.unref();
      this.worker.on("message", (message: SpoolSenderMessage) => this.receive(message));
      this.worker.on("error", (error) => this.fail(error));
    } else {
      // Later, as from a thread: the caller of `open` is not ready yet.
      this.service = new SpoolSenderService((message) => queueMicrotask(() => this.receive(message)));
    }
  }

  open(command: Omit<OpenCommand, "id" | "kind">, notice: Listener["notice"]): OpenSpoolSender {
    const { directory } = command;
    const id = ++this.lastId;
    const ended = new Promise<SpoolSenderReport>((report) => this.listeners.set(id, { directory, notice, report }));
    this.send({ ...command, kind: "open", id });
    return {
      close: async (patience) => {
        this.send({ kind: "close", id, patience });
        // Keeps the process alive until everything is sent.
        if (this.closing++ === 0) this.worker?.ref();
        try {
          return await ended;
        } finally {
          if (--this.closing === 0) this.worker?.unref();
        }
      },
    };
  }

  private send(command: SpoolSenderCommand): void {
    if (this.worker) this.worker.postMessage(command);
    else this.service?.handle(command);
  }

  private receive({ id, notice, report }: SpoolSenderMessage): void {
    const listener = this.listeners.get(id);
    if (notice) listener?.notice(notice);
    if (report) {
      this.listeners.delete(id);
      listener?.report(report);
    }
  }

  private fail(error: Error): void {
    for (const listener of this.listeners.values()) {
      const { directory } = listener;
      listener.notice({ kind: "stopped", message: error.message });
      listener.report({ directory, server: "", complete: false, pending: 0, rejected: 0, problem: error.message });
    }
    this.listeners.clear();
    shared = undefined;
  }
}

let shared: SpoolSenderHost | undefined;

export function openSpoolSender(
  command: Omit<OpenCommand, "id" | "kind">,
  notice: (notice: Notice) => void,
): OpenSpoolSender {
  shared ??= new SpoolSenderHost();
  return shared.open(command, notice);
}

/**
 * The compiled worker: next to this module, or in the project's `dist` for the notebook kernel, which compiles modules in
 * memory. Without it, this thread sends.
 */
function workerFile(): string | undefined {
  try {
    return require.resolve("./spool-sender-worker");
  } catch {
    for (let folder = resolve(process.env.HISTO_ROOT ?? process.cwd()); ; folder = dirname(folder)) {
      const candidate = join(folder, "dist", "src", "tracking", "spool", "spool-sender-worker.js");
      if (existsSync(candidate)) return candidate;
      if (folder === dirname(folder)) return undefined;
    }
  }
}
