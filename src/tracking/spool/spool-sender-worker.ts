/** @module Entry point of the worker thread that sends spools. */
import { parentPort } from "node:worker_threads";
import { type SpoolSenderCommand, SpoolSenderService } from "./spool-sender-service";

if (parentPort) {
  const port = parentPort;
  const service = new SpoolSenderService((message) => port.postMessage(message));
  port.on("message", (command: SpoolSenderCommand) => service.handle(command));
}
