/** @module Structured logs: one line of JSON per request, without bodies, keys or queries. */
import type { Request, Response } from "express";
import pino, { type DestinationStream, type Logger } from "pino";
import { CLIENT_GONE, REQUEST_TIMEOUT } from "../core/index";
import { wasLate } from "./listen";

export type { Logger };

/** Creates a logger on standard error; standard output belongs to the command. */
export function createLogger(level = "info", destination: DestinationStream = bufferedStderr()): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

let shared: DestinationStream | undefined;

/** Writes lines in groups, at least every half second and before the process ends. */
function bufferedStderr(): DestinationStream {
  if (shared) return shared;
  const destination = pino.destination({ fd: 2, sync: false, minLength: 8 * 1024 });
  setInterval(() => destination.flush(), 500).unref();
  process.on("exit", () => destination.flushSync());
  shared = destination;
  return destination;
}

/** Interval between log lines of a failing probe. */
const NOT_READY_MS = 10_000;

/** Logs each response once it is sent or the client has disconnected. Successful probes are debug lines. */
export function logAnswers(logger: Logger): (request: Request, response: Response, id: string) => void {
  let lastNotReady = Number.NEGATIVE_INFINITY;

  function levelOf(path: string, status: number): "debug" | "info" | "warn" | "error" {
    if (PROBES.includes(path)) {
      if (status < 400) return "debug";
      // Probes come every second, and "not ready" is no fault.
      if (performance.now() - lastNotReady < NOT_READY_MS) return "debug";
      lastNotReady = performance.now();
      return "warn";
    }
    if (status >= 500 && status !== 503) return "error";
    return status >= 400 ? "warn" : "info";
  }

  return (request, response, id) => {
    const started = performance.now();
    const { method, ip: address } = request;
    const path = (request.originalUrl.split("?", 1)[0] ?? "").slice(0, 256);
    response.once("close", () => {
      const { headersSent, statusCode, writableFinished } = response;
      const status = headersSent ? statusCode : wasLate(request) ? REQUEST_TIMEOUT : CLIENT_GONE;
      const duration_ms = Math.round(performance.now() - started);
      logger[levelOf(path, status)](
        { request_id: id, method, path, status, address, duration_ms },
        writableFinished ? (MESSAGES[status] ?? MESSAGES[Math.floor(status / 100)]) : "request aborted",
      );
    });
  };
}

const PROBES = ["/livez", "/readyz", "/metrics"];
const MESSAGES: Readonly<Record<number, string>> = {
  2: "request completed",
  3: "request completed",
  4: "request completed",
  5: "request failed",
  503: "not available",
};
