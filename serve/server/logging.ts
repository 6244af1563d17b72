/** @module Structured logs: one line of JSON for each request, without bodies, keys or query texts. */
import type { IncomingMessage, ServerResponse } from "node:http";
import pino, { type DestinationStream, type Logger } from "pino";
import { type HttpLogger, pinoHttp } from "pino-http";

export type { Logger };

/** A logger on standard error, so that standard output stays the command's. */
export function createLogger(level = "info", destination: DestinationStream = bufferedStderr()): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

let shared: DestinationStream | undefined;

/** Lines are written in groups, at the latest after half a second, and all of them before the process ends. */
function bufferedStderr(): DestinationStream {
  if (shared) return shared;
  const destination = pino.destination({ fd: 2, sync: false, minLength: 8 * 1024 });
  setInterval(() => destination.flush(), 500).unref();
  process.on("exit", () => destination.flushSync());
  shared = destination;
  return destination;
}

/** A probe that keeps failing is logged this often. */
const NOT_READY_MS = 10_000;

/** Express middleware that logs every answer with its request id; probes only where something is wrong. */
export function requestLogger(logger: Logger): HttpLogger {
  let lastNotReady = Number.NEGATIVE_INFINITY;
  return pinoHttp({
    logger,
    quietReqLogger: true,
    serializers: { req: () => undefined, res: () => undefined },
    quietResLogger: true,
    customLogLevel: (request: IncomingMessage, response: ServerResponse, error?: Error) => {
      if (isProbe(request)) {
        if (response.statusCode < 400) return "debug";
        // A probe asks every second, and "not yet" is an answer, not a fault.
        if (performance.now() - lastNotReady < NOT_READY_MS) return "debug";
        lastNotReady = performance.now();
        return "warn";
      }
      if (response.statusCode === 503) return "warn";
      if (error || response.statusCode >= 500) return "error";
      return response.statusCode >= 400 ? "warn" : "info";
    },
    // pino-http makes an error with its own stack of every answer from 500 on; faults are logged with theirs elsewhere.
    customErrorObject: (_request, _response, _error, line: object) => ({ ...line, err: undefined }),
    customErrorMessage: (_request, { statusCode }) => (statusCode === 503 ? "not available" : "request failed"),
    customAttributeKeys: { reqId: "request_id", responseTime: "duration_ms" },
    customProps: (request: IncomingMessage, response: ServerResponse) => ({
      method: request.method,
      path: pathOf(request),
      status: response.statusCode,
      address: (request as { ip?: string }).ip,
    }),
  });
}

function pathOf({ url = "" }: IncomingMessage): string {
  return (url.split("?", 1)[0] ?? "").slice(0, 256);
}

function isProbe(request: IncomingMessage): boolean {
  return ["/livez", "/readyz", "/metrics"].includes(pathOf(request));
}
