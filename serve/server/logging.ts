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

/** Express middleware that logs every answer with its request id; probes only where something is wrong. */
export function requestLogger(logger: Logger): HttpLogger {
  return pinoHttp({
    logger,
    quietReqLogger: true,
    serializers: { req: () => undefined, res: () => undefined },
    quietResLogger: true,
    customLogLevel: (request: IncomingMessage, response: ServerResponse, error?: Error) => {
      if (error || response.statusCode >= 500) return "error";
      if (response.statusCode >= 400) return "warn";
      return isProbe(request) ? "debug" : "info";
    },
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
