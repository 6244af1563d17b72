/** @module A model worker: a process that holds one model. Started by the server; talks over the channel of `fork`. */
import { HistoError, InputError, messageOf } from "../../src/errors/index";
import { Engine, Problem } from "../core/index";
import { openNetwork } from "../core/predictor-network";
import type { FromWorker, ToWorker, Work } from "./messages";

let engine: Engine | undefined;
const running = new Map<number, AbortController>();

function send(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

function perform(model: Engine, work: Work, signal: AbortSignal): Promise<unknown> {
  switch (work.kind) {
    case "predict":
      return model.predict(work.image, signal);
    case "infer":
      return model.infer(work.pixels, work.count);
    case "explain":
      return model.explain(work.image, work.grid, signal);
    case "thumbnail":
      return model.thumbnail(work.image, work.edge);
    case "verifyGolden":
      return model.verifyGolden();
  }
}

async function answer(id: number, work: Work): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    if (!engine) throw new Problem("MODEL_UNAVAILABLE");
    send({ type: "done", id, value: await perform(engine, work, controller.signal) });
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem("INTERNAL", messageOf(error));
    send({ type: "refused", id, code: problem.code, message: problem.message });
  } finally {
    running.delete(id);
  }
}

async function load({ directory, name, options }: Extract<ToWorker, { type: "load" }>): Promise<void> {
  try {
    const network = await openNetwork(directory, options);
    engine = new Engine(name, network, options);
    const { card, sha256, loadSeconds } = network;
    send({ type: "loaded", model: { card, sha256, loadSeconds } });
  } catch (error) {
    const code = error instanceof HistoError ? error.code : "MODEL_FAILED";
    send({ type: "failed", code, message: messageOf(error), input: error instanceof InputError });
  }
}

process.on("message", (message: ToWorker) => {
  if (message.type === "work") void answer(message.id, message.work);
  else if (message.type === "cancel") running.get(message.id)?.abort();
  else if (message.type === "load") void load(message);
  else process.exit(0);
});
// The server is gone; nobody waits for an answer any more.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the server decides when its workers end.
process.on("SIGINT", () => undefined).on("SIGTERM", () => undefined);
