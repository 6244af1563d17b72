/** @module A worker of a search: a process that runs the trials it is sent, one after the other. */
import { Interrupted, messageOf } from "../errors/index";
import { silentProgress } from "../progress/index";
import { runTrial, type TrialHost } from "./trial";
import type { FromWorker, ToWorker } from "./workers";

const controller = new AbortController();
let answer: ((stop: boolean) => void) | undefined;

const host: TrialHost = {
  signal: controller.signal,
  progress: silentProgress,
  atRung(_trial, epoch, merit) {
    send({ type: "rung", epoch, merit });
    return new Promise((resolve) => {
      answer = resolve;
    });
  },
};

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

/** Stops at the next batch; the checkpoint stays. */
function stop(): void {
  controller.abort(new Interrupted());
  answer?.(false);
}

async function work(message: ToWorker): Promise<void> {
  if (message.type === "rung") return answer?.(message.stop);
  if (message.type === "stop") return stop();
  try {
    send({ type: "finished", outcome: await runTrial(message.job, host) });
  } catch (error) {
    if (error instanceof Interrupted) send({ type: "interrupted" });
    else send({ type: "failed", reason: messageOf(error) });
  }
}

process.on("message", (message: ToWorker) => void work(message));
process.on("disconnect", () => {
  stop();
  // Nobody is there to hear of the trial any more; what it has is in its checkpoint.
  setTimeout(() => process.exit(0), 20_000).unref();
});
process.on("SIGINT", stop).on("SIGTERM", stop);
