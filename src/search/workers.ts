/** @module Runs trials in this process or in worker processes, so that a crash only costs the last minutes of one trial. */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { HistoError, InputError, Interrupted } from "../errors/index";
import { projectRoot } from "../files/index";
import { usableProcessors } from "../machine/index";
import type { TrialOutcome } from "./journal";
import { MachineFault, runTrial, type TrialHost, type TrialJob } from "./trial";

export type ToWorker =
  | { readonly type: "trial"; readonly job: TrialJob }
  | { readonly type: "rung"; readonly stop: boolean }
  | { readonly type: "stop" };
export type FromWorker =
  | { readonly type: "rung"; readonly epoch: number; readonly merit: number }
  | { readonly type: "finished"; readonly outcome: TrialOutcome }
  | { readonly type: "failed"; readonly reason: string; readonly ofMachine?: boolean }
  | { readonly type: "interrupted" };

/** How often a trial is started if its worker is lost. */
export const MOST_STARTS = 3;

export interface TrialRunner {
  run(job: TrialJob, host: TrialHost): Promise<TrialOutcome>;
}

/** Where the trials of a search run. */
export interface TrialPool {
  /** Called once, when the directory of the search exists. */
  begin(): Promise<void>;
  /** Calls `work` once for each trial that can run at the same time, and waits. If one fails, the trials of the others end too. */
  each(work: (runner: TrialRunner) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** The worker process ended during a trial (killed, out of memory). The trial can continue in another one. */
export class WorkerLost extends HistoError {
  constructor(how: string) {
    super("SEARCH_WORKER_LOST", `The worker ended during a trial (${how}).`);
  }
}

/** Runs trials on this machine: in this process for one worker, otherwise in one process per worker. */
export class LocalPool implements TrialPool {
  private readonly processes: readonly ProcessRunner[];

  constructor(workers: number) {
    this.processes = workers === 1 ? [] : processRunners(workers);
  }

  async begin(): Promise<void> {}

  async each(work: (runner: TrialRunner) => Promise<void>): Promise<void> {
    const runners: readonly TrialRunner[] = this.processes.length > 0 ? this.processes : [{ run: runTrial }];
    const running = runners.map(work);
    try {
      await Promise.all(running);
    } catch (error) {
      await this.close();
      await Promise.allSettled(running);
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const runner of this.processes) runner.close();
  }
}

/** Processes that share the threads that this one would use. @param graceSeconds see {@link ProcessRunner} */
export function processRunners(count: number, graceSeconds?: number): ProcessRunner[] {
  const all = Number(process.env.TF_NUM_INTRAOP_THREADS) || usableProcessors();
  const threads = String(Math.max(1, Math.floor(all / count)));
  return Array.from({ length: count }, () => new ProcessRunner(threads, graceSeconds));
}

/** A process that runs one trial at a time. It is started for the first one, and again after it was lost. */
export class ProcessRunner implements TrialRunner {
  private child: ChildProcess | undefined;
  private closed = false;

  /** @param graceSeconds time for the process to save a checkpoint after this one has ended */
  constructor(
    private readonly threads: string,
    private readonly graceSeconds = 20,
  ) {}

  run(job: TrialJob, { signal, atRung }: TrialHost): Promise<TrialOutcome> {
    if (this.closed) return Promise.reject(new Interrupted());
    const child = this.start();
    return new Promise((resolve, reject) => {
      // A lost process is noticed by its exit, not by a failed message.
      const tell = (message: ToWorker) => void (child.connected && child.send(message, () => undefined));
      const stop = () => tell({ type: "stop" });
      const lose = (how: string) => {
        this.child = undefined;
        settle(() => reject(signal.aborted || this.closed ? new Interrupted() : new WorkerLost(how)));
      };
      // A trial that cannot be answered is saved by its process before it counts as failed.
      let failure: { readonly reason: unknown } | undefined;
      const giveUp = (reason: unknown) => {
        failure ??= { reason };
        stop();
      };
      const onExit = (code: number | null, by: string | null) => lose(by ?? `exit status ${code}`);
      const onError = (error: Error) => lose(error.message);
      const onMessage = (message: FromWorker) => {
        if (message.type === "rung") {
          atRung(job.trial, message.epoch, message.merit).then((end) => tell({ type: "rung", stop: end }), giveUp);
        } else if (message.type === "finished") settle(() => resolve(message.outcome));
        else if (message.type === "failed") {
          const { reason, ofMachine } = message;
          settle(() => reject(ofMachine ? new MachineFault(reason) : new HistoError("SEARCH_TRIAL_FAILED", reason)));
        } else if (failure || signal.aborted) settle(() => reject(new Interrupted()));
        else {
          // It was told to stop by someone else, and takes no more trials.
          this.leave();
          lose("told to stop");
        }
      };
      const settle = (end: () => void) => {
        child.off("exit", onExit).off("error", onError).off("message", onMessage);
        signal.removeEventListener("abort", stop);
        if (failure) reject(failure.reason);
        else end();
      };
      child.on("exit", onExit).on("error", onError).on("message", onMessage);
      signal.addEventListener("abort", stop);
      tell({ type: "trial", job });
      if (signal.aborted) stop();
    });
  }

  /** Ends the process, and starts no other. A running trial is saved first, and interrupted. */
  close(): void {
    this.closed = true;
    this.leave();
  }

  private leave(): void {
    if (this.child?.connected) this.child.disconnect();
  }

  /** Ends the process at once, so that it writes nothing more. The trial's promise is rejected. */
  kill(): void {
    this.child?.kill("SIGKILL");
  }

  private start(): ChildProcess {
    if (this.child?.connected && this.child.exitCode === null && this.child.signalCode === null) return this.child;
    const file = join(projectRoot(), "dist", "src", "search", "worker-main.js");
    if (!existsSync(file)) throw new InputError("NOT_BUILT", `${file} is missing: run \`npm run build\` once.`);
    const { OMP_NUM_THREADS = this.threads } = process.env;
    this.child = fork(file, [String(this.graceSeconds)], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: { ...process.env, TF_NUM_INTRAOP_THREADS: this.threads, OMP_NUM_THREADS },
    });
    return this.child;
  }
}
