/** @module The Express application: reads requests, hands them to the service, writes its answers. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { rateLimit } from "express-rate-limit";
import { Problem, type RequestHead, Service, type ServiceOptions, type ServiceResponse } from "../core/index";
import { readBody } from "./body-reader";
import { type Logger, requestLogger } from "./logging";

export interface AppOptions extends ServiceOptions {
  /** Requests per minute and client address; 0 for no limit. */
  readonly rateLimit?: number | undefined;
  /** How many proxies in front are trusted to say the client's address. */
  readonly trustedProxies?: number | undefined;
  readonly logger?: Logger | undefined;
}

/** Makes the application around a service that is given or made from the options. */
export function createApp(options: AppOptions, service: Service = new Service(options)): Express {
  const app = express();
  app
    .disable("x-powered-by")
    .disable("etag")
    .set("trust proxy", options.trustedProxies ?? 0);
  app.use((request, _response, next) => {
    request.id = requestId(request.headers["x-request-id"]);
    next();
  });
  if (options.logger) app.use(requestLogger(options.logger));
  if (options.rateLimit) {
    app.use(
      rateLimit({
        windowMs: 60_000,
        limit: options.rateLimit,
        standardHeaders: "draft-8",
        legacyHeaders: false,
        skip: ({ path }) => path === "/livez" || path === "/readyz",
        handler: (request, response) => {
          const headers = { "retry-after": String(response.getHeader("retry-after") ?? 1) };
          write(response, service, service.refuse(new Problem("RATE_LIMITED", undefined, headers), headOf(request)));
        },
      }),
    );
  }
  app.use((request: Request, response: Response) => answer(service, request, response));
  // Only a fault of the server itself comes here; nothing of it is shown.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    write(response, service, service.refuse(error, headOf(request)));
  });
  return app;
}

async function answer(service: Service, request: Request, response: Response): Promise<void> {
  const controller = new AbortController();
  const memory = service.memory.share();
  response.on("close", () => {
    memory.end();
    if (!response.writableEnded) controller.abort();
  });
  const head = headOf(request);
  let body: Uint8Array;
  try {
    const limit = await service.admit(head);
    body = limit > 0 ? await readBody(request, limit, memory) : new Uint8Array();
  } catch (error) {
    // What was read of the body is not kept.
    memory.end();
    if (controller.signal.aborted) return;
    return write(response, service, service.refuse(error, head));
  }
  if (controller.signal.aborted) return;
  const { signal } = controller;
  write(response, service, await service.handle({ ...head, query: queryOf(request), body, memory, signal }));
}

/** Clients of proxies write the whole address where others write the path. */
const AUTHORITY = /^https?:\/\/[^/]*/i;

function headOf(request: Request): RequestHead {
  // Not `new URL`, which would take `//name/path` for a host.
  const path = request.originalUrl.split("?", 1)[0]?.replace(AUTHORITY, "") || "/";
  return { id: String(request.id), method: request.method, path, headers: headersOf(request) };
}

function queryOf({ originalUrl }: Request): URLSearchParams {
  const at = originalUrl.indexOf("?");
  return new URLSearchParams(at < 0 ? "" : originalUrl.slice(at + 1));
}

function write(response: Response, service: Service, { status, headers, body }: ServiceResponse): void {
  if (response.headersSent || response.destroyed) return;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  response.status(status).set(headers);
  // While the service stops, clients are told to use no connection again.
  if (service.phase === "stopping") response.set("connection", "close");
  if (status !== 304 && status !== 204) response.set("content-length", String(bytes.length));
  response.end(response.req.method === "HEAD" ? undefined : bytes);
}

/** The client's own request id where it is harmless, else a new one. */
function requestId(given: string | string[] | undefined): string {
  return typeof given === "string" && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
}

function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}
