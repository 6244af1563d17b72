/** @module Where trials run: in this process, or in worker processes, so that a crash costs one trial's last minutes only. */
import { type ChildProcess, fork } from "node:child_process";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { HistoError, InputError, Interrupted } from "../errors/index";
import { projectRoot } from "../files/index";
import type { TrialOutcome } from "./journal";
import { runTrial, type TrialHost, type TrialJob } from "./trial";

export type ToWorker =
  | { readonly type: "trial"; readonly job: TrialJob }
  | { readonly type: "rung"; readonly stop: boolean }
  | { readonly type: "stop" };
export type FromWorker =
  | { readonly type: "rung"; readonly epoch: number; readonly merit: number }
  | { readonly type: "finished"; readonly outcome: TrialOutcome }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "interrupted" };

/** Runs one trial at a time. */
export interface TrialRunner {
  run(job: TrialJob, host: TrialHost): Promise<TrialOutcome>;
  close(): void;
}

/** The worker process ended in the middle of a trial (killed, out of memory). The trial can go on in another one. */
export class WorkerLost extends HistoError {
  constructor(how: string) {
    super("SEARCH_WORKER_LOST", `The worker ended in the middle of a trial (${how}).`);
  }
}

/** Trials in this process for one worker, else a process for each. */
export function createRunners(workers: number): TrialRunner[] {
  if (workers === 1) return [{ run: runTrial, close: () => undefined }];
  const threads = String(Math.max(1, Math.floor(availableParallelism() / workers)));
  return Array.from({ length: workers }, () => new ProcessRunner(threads));
}

class ProcessRunner implements TrialRunner {
  private child: ChildProcess | undefined;

  constructor(private readonly threads: string) {}

  run(job: TrialJob, { signal, atRung }: TrialHost): Promise<TrialOutcome> {
    const child = this.start();
    return new Promise((resolve, reject) => {
      const tell = (message: ToWorker) => void (child.connected && child.send(message));
      const stop = () => tell({ type: "stop" });
      const onExit = (code: number | null, by: string | null) => {
        this.child = undefined;
        settle(() => reject(signal.aborted ? new Interrupted() : new WorkerLost(by ?? `exit status ${code}`)));
      };
      const onMessage = (message: FromWorker) => {
        if (message.type === "rung") {
          atRung(job.trial, message.epoch, message.merit).then((end) => tell({ type: "rung", stop: end }), reject);
        } else if (message.type === "finished") settle(() => resolve(message.outcome));
        else if (message.type === "failed") settle(() => reject(new HistoError("SEARCH_TRIAL_FAILED", message.reason)));
        else settle(() => reject(signal.aborted ? new Interrupted() : new WorkerLost("told to stop")));
      };
      const settle = (end: () => void) => {
        child.off("exit", onExit).off("message", onMessage);
        signal.removeEventListener("abort", stop);
        end();
      };
      child.on("exit", onExit).on("message", onMessage);
      signal.addEventListener("abort", stop);
      tell({ type: "trial", job });
      if (signal.aborted) stop();
    });
  }

  close(): void {
    if (this.child?.connected) this.child.disconnect();
  }

  private start(): ChildProcess {
    if (this.child?.connected && this.child.exitCode === null && this.child.signalCode === null) return this.child;
    const file = join(projectRoot(), "dist", "src", "search", "worker-process.js");
    if (!existsSync(file)) throw new InputError("NOT_BUILT", `${file} is missing: run \`npm run build\` once.`);
    const { TF_NUM_INTRAOP_THREADS = this.threads, OMP_NUM_THREADS = this.threads } = process.env;
    this.child = fork(file, [], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      env: { ...process.env, TF_NUM_INTRAOP_THREADS, OMP_NUM_THREADS },
    });
    return this.child;
  }
}
