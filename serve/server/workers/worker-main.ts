/** @module The program of a model worker: holds one model and talks to the server on file descriptor 3. */
import { Socket } from "node:net";
import { HistoError, InputError, messageOf } from "../../../src/errors/index";
import { Engine, Problem } from "../../core/index";
import { openBackend } from "../../core/predictor-backend";
import { type FromWorker, type ToWorker, Wire, type Work } from "./messages";

/** Calls without bytes or a signal ignore them. */
type Call = (bytes: Uint8Array, ...more: (number | AbortSignal)[]) => Promise<unknown>;

let engine: Engine | undefined;
const running = new Map<number, AbortController>();

const stream = new Socket({ fd: 3, readable: true, writable: true });
const wire = new Wire(stream, (message, bytes) => receive(message as ToWorker, bytes));
// The server has closed the connection or has ended.
stream.on("close", () => process.exit(0));
// Ctrl-C reaches the whole process group; the server decides when its workers end.
process.on("SIGINT", () => undefined).on("SIGTERM", () => undefined);

function receive(message: ToWorker, bytes: Uint8Array): void {
  if (message.type === "work") void answer(message.id, message.work, bytes);
  else if (message.type === "cancel") running.get(message.id)?.abort();
  else void load(message);
}

function send(message: FromWorker, bytes?: Uint8Array): void {
  wire.send(message, bytes);
}

async function answer(id: number, { method, numbers = [] }: Work, bytes: Uint8Array): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    if (!engine) throw new Problem("MODEL_UNAVAILABLE");
    const value = await (engine[method] as Call).call(engine, bytes, ...numbers, controller.signal);
    if (value instanceof Uint8Array) send({ type: "done", id, value: null }, value);
    else send({ type: "done", id, value });
  } catch (error) {
    const problem = error instanceof Problem ? error : new Problem("INTERNAL", messageOf(error));
    send({ type: "refused", id, code: problem.code, message: problem.message });
  } finally {
    running.delete(id);
  }
}

async function load({ directory, name, options }: Extract<ToWorker, { type: "load" }>): Promise<void> {
  try {
    const backend = await openBackend(directory, options);
    engine = new Engine(name, backend, options);
    const { card, sha256, loadSeconds, batching } = backend;
    send({ type: "loaded", model: { card, sha256, loadSeconds, batching } });
  } catch (error) {
    const code = error instanceof HistoError ? error.code : "MODEL_FAILED";
    send({ type: "failed", code, message: messageOf(error), input: error instanceof InputError });
  }
}
