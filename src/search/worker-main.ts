/** @module A worker process of a search: `worker-main.js GRACE-SECONDS`, the time to save a checkpoint after its parent has ended. */
import { Interrupted, messageOf } from "../errors/index";
import { silentProgress } from "../progress/index";
import { isOfMachine, runTrial, type TrialHost } from "./trial";
import type { FromWorker, ToWorker } from "./workers";

const graceSeconds = Number(process.argv[2] ?? 20);
let controller = new AbortController();
let leaving = false;
let answer: ((stop: boolean) => void) | undefined;

const host: Omit<TrialHost, "signal"> = {
  progress: silentProgress,
  atRung(_trial, epoch, merit) {
    send({ type: "rung", epoch, merit });
    return new Promise((resolve) => {
      answer = resolve;
    });
  },
};

function send(message: FromWorker): void {
  // If the parent has just ended, its "disconnect" event follows.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** Stops the current trial at the next batch, after saving a checkpoint. Another trial may follow. */
function stop(): void {
  controller.abort(new Interrupted());
  answer?.(false);
}

/** Stops for good. */
function leave(): void {
  leaving = true;
  stop();
}

async function work(message: ToWorker): Promise<void> {
  if (message.type === "rung") return answer?.(message.stop);
  if (message.type === "stop") return stop();
  controller = new AbortController();
  if (leaving) stop();
  try {
    send({ type: "finished", outcome: await runTrial(message.job, { ...host, signal: controller.signal }) });
  } catch (error) {
    if (error instanceof Interrupted) send({ type: "interrupted" });
    else send({ type: "failed", reason: messageOf(error), ofMachine: isOfMachine(error) });
  }
}

process.on("message", (message: ToWorker) => void work(message));
process.on("disconnect", () => {
  leave();
  // The result cannot be sent any more, but the checkpoint has it.
  setTimeout(() => process.exit(0), 1000 * graceSeconds).unref();
});
process.on("SIGINT", leave).on("SIGTERM", leave);
