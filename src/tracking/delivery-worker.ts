/** @module Entry of the worker thread that sends spools. */
import { parentPort } from "node:worker_threads";
import { type DeliveryCommand, DeliveryService } from "./delivery-service";

if (parentPort) {
  const port = parentPort;
  const service = new DeliveryService((message) => port.postMessage(message));
  port.on("message", (command: DeliveryCommand) => service.handle(command));
}
