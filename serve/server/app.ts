/**
 * @module The Express application: reads requests, passes them to the service and writes the responses. Also reads the client's address
 * behind a proxy that gives it in `Forwarded` only (RFC 7239), which Express does not.
 */

import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { rateLimit } from "express-rate-limit";
import { type MemoryShare, Problem, type Service, type ServiceRequest, type ServiceResponse } from "../core/index";
import { wasLate } from "./listen";
import { type Logger, logAnswers } from "./logging";

export interface AppOptions {
  /** Requests per minute and client address; 0 for no limit. */
  readonly rateLimit?: number | undefined;
  /** Number of proxies in front whose client address is trusted. */
  readonly trustedProxies?: number | undefined;
  readonly logger?: Logger | undefined;
}

export function createApp(service: Service, options: AppOptions = {}): Express {
  const app = express();
  app
    .disable("x-powered-by")
    .disable("etag")
    .set("trust proxy", options.trustedProxies ?? 0);
  const log = options.logger && logAnswers(options.logger);
  app.use((request, response, next) => {
    if (options.trustedProxies) readForwarded(request);
    const id = requestId(request.headers["x-request-id"]);
    response.locals.id = id;
    log?.(request, response, id);
    const lacksHost = request.httpVersion === "1.1" && request.headers.host === undefined;
    next(
      lacksHost ? new Problem("REQUEST_MALFORMED", "The Host header is missing.", { connection: "close" }) : undefined,
    );
  });
  if (options.rateLimit) {
    app.use(
      rateLimit({
        windowMs: 60_000,
        limit: options.rateLimit,
        standardHeaders: "draft-8",
        legacyHeaders: false,
        // Read above, or not trusted.
        validate: { forwardedHeader: false, xForwardedForHeader: false },
        skip: ({ path }) => path === "/livez" || path === "/readyz" || service.isPageFile(path),
        handler: (_request, response, next) => {
          const headers = { "retry-after": String(response.getHeader("retry-after") ?? 1) };
          next(new Problem("RATE_LIMITED", undefined, headers));
        },
      }),
    );
  }
  app.use(async (request: Request, response: Response) => {
    write(response, service, await service.handle(requestOf(request, response, service)));
  });
  // Handles requests over the rate limit and faults of the server itself.
  app.use(async (error: unknown, request: Request, response: Response, _next: NextFunction) => {
    write(response, service, await service.refuse(error, requestOf(request, response, service)));
  });
  return app;
}

/** Clients of proxies send the whole address as the path. */
const AUTHORITY = /^https?:\/\/[^/]*/i;

function requestOf(request: Request, response: Response, service: Service): ServiceRequest {
  const controller = new AbortController();
  const memory = service.memory.share();
  response.on("close", () => {
    memory.end();
    if (!response.writableEnded) controller.abort();
  });
  // `new URL` would read `//name/path` as a host.
  const [target = "", query] = request.originalUrl.split(/\?(.*)/s, 2);
  return {
    id: String(response.locals.id),
    method: request.method,
    path: target.replace(AUTHORITY, "") || "/",
    query: new URLSearchParams(query),
    headers: headersOf(request),
    signal: controller.signal,
    memory,
    readBody: (limit) => readBody(request, limit, memory),
  };
}

function write(response: Response, service: Service, { status, headers, body }: ServiceResponse): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.writeHead(status, {
    ...headers,
    // A stopping service closes its connections.
    ...(service.phase === "stopping" && { connection: "close" }),
    ...(status !== 304 && status !== 204 && { "content-length": bytes.length }),
  });
  response.end(response.req.method === "HEAD" ? undefined : bytes);
}

/** The client's request id if it is harmless, else a new one. */
function requestId(given: string | string[] | undefined): string {
  return typeof given === "string" && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

/**
 * Passes the addresses of `Forwarded` on as `X-Forwarded-For`, unless the request has that. API Gateway's HTTP APIs remove
 * the latter and append the client's address to the former.
 */
function readForwarded({ headers }: IncomingMessage): void {
  const { forwarded } = headers;
  if (forwarded === undefined || headers["x-forwarded-for"] !== undefined) return;
  // Addresses have no commas. Those within a client's own quotes must not hide the proxy's part, so that quotes are not read.
  headers["x-forwarded-for"] = forwarded.split(",").map(addressOf).join(", ");
}

function addressOf(part: string): string {
  const address = /(?:^|;)\s*for\s*=\s*"?([^";\s]*)/i.exec(part)?.[1] ?? "unknown";
  return /^\[([^\]]*)\]/.exec(address)?.[1] ?? address.replace(/^([^:]*):\d+$/, "$1");
}

/** Bytes to read and discard after a refusal: a client that still sends would not see the response. */
const DISCARDED_BYTES = 64 * 2 ** 20;

/**
 * Reads the whole body. Counts the bytes as they arrive, so a wrong Content-Length does no harm.
 * @param memory counts the body until the share ends or the body is refused
 * @throws {Problem} `BODY_TOO_LARGE`, `QUEUE_FULL`, `REQUEST_TIMEOUT`, `REQUEST_MALFORMED` if the client disconnects
 */
export async function readBody(request: IncomingMessage, limit: number, memory: MemoryShare): Promise<Uint8Array> {
  if (Number(request.headers["content-length"] ?? 0) > limit) {
    discard(request);
    throw tooLarge(limit);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((resolve, reject) => {
    const receive = (chunk: Buffer): void => {
      try {
        length += chunk.length;
        if (length > limit) throw tooLarge(limit);
        memory.take(chunk.length);
        chunks.push(chunk);
      } catch (problem) {
        request.off("data", receive);
        chunks.length = 0;
        memory.end();
        discard(request);
        reject(problem);
      }
    };
    const incomplete = "The request is incomplete: the connection was closed.";
    const fail = () =>
      reject(wasLate(request) ? new Problem("REQUEST_TIMEOUT") : new Problem("REQUEST_MALFORMED", incomplete));
    // The client may have gone while its token was checked: then there are no more events.
    if (request.destroyed) fail();
    else request.on("data", receive).on("end", resolve).on("aborted", fail).on("error", fail);
  });
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

function tooLarge(limit: number): Problem {
  const message = `At most ${(limit / 2 ** 20).toFixed(1)} MiB are accepted: send a smaller file, or fewer at once.`;
  return new Problem("BODY_TOO_LARGE", message);
}

function discard(request: IncomingMessage): void {
  let left = DISCARDED_BYTES;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}
