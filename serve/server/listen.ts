/** @module The HTTP server of the application: port, limits and shutdown. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { hasErrorCode, InputError } from "../../src/errors/index";
import { Problem, problemResponse } from "../core/index";

export interface ListenOptions {
  /** 0 for a free one. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** Time for a request's headers, and for the whole request, to arrive, in milliseconds. */
  readonly headersTimeout?: number | undefined;
  readonly requestTimeout?: number | undefined;
  /** Time without a byte in or out after which a connection is cut, in milliseconds; more than any answer takes. */
  readonly stallTimeout?: number | undefined;
  /** Largest number of open connections; further ones are closed at once. */
  readonly maxConnections?: number | undefined;
}

interface Listener {
  readonly url: string;
  readonly port: number;
  /** Accepts no new connections and waits at most `graceMs` milliseconds for open requests. */
  close(graceMs: number): Promise<void>;
}

/** Limits against slow senders and endless headers. The application itself checks the Host header. */
const LIMITS = {
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16 * 1024,
  connectionsCheckingInterval: 500,
  requireHostHeader: false,
};

/** Opens the port. @throws {InputError} `HOST_UNAVAILABLE`, `PORT_UNAVAILABLE` */
export async function listen(application: RequestListener, options: ListenOptions): Promise<Listener> {
  const { port = 8080, host = "127.0.0.1", headersTimeout = 10_000, requestTimeout = 30_000 } = options;
  const { stallTimeout = 120_000, maxConnections = 8192 } = options;
  const server = createServer({ ...LIMITS, headersTimeout, requestTimeout }, application);
  server.maxHeadersCount = 100;
  // Who asks and never reads would hold the answer's memory for good.
  server.timeout = stallTimeout;
  // Leaves descriptors for images and processes, and bounds the memory of idle connections.
  server.maxConnections = maxConnections;
  // Expectations other than 100-continue may be ignored, and no tunnel is opened for anybody.
  server.on("checkExpectation", application);
  server.on("connect", (_request, socket) => {
    socket.on("error", () => undefined);
    answerRaw(new Problem("METHOD_NOT_ALLOWED", undefined, { allow: "GET, HEAD, POST, OPTIONS" }), socket);
  });
  server.on("clientError", answerClientError);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenProblem(error, host, port)));
    server.listen({ port, host }, resolve);
  });
  const opened = (server.address() as AddressInfo).port;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${opened}`;
  return { url, port: opened, close: (graceMs) => closeServer(server, graceMs) };
}

const CLIENT_ERRORS = {
  HPE_HEADER_OVERFLOW: "HEADERS_TOO_LARGE",
  ERR_HTTP_REQUEST_TIMEOUT: "REQUEST_TIMEOUT",
} as Readonly<Record<string, "HEADERS_TOO_LARGE" | "REQUEST_TIMEOUT">>;

/** Connections whose request did not arrive in time. */
const late = new WeakSet<Duplex>();

/** True if the request was answered with 408 because it did not arrive in time. */
export function wasLate({ socket }: Pick<IncomingMessage, "socket">): boolean {
  return late.has(socket);
}

/** Answers what never became a request, as far as somebody listens. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") late.add(socket);
  if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
  else answerRaw(new Problem(CLIENT_ERRORS[error.code ?? ""] ?? "REQUEST_MALFORMED"), socket);
}

/** Writes the problem to a connection that has no response object, and ends it. */
function answerRaw(problem: Problem, socket: Duplex): void {
  const { status, headers, body } = problemResponse(problem);
  const lines = Object.entries({
    ...headers,
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  });
  const head = [`HTTP/1.1 ${status} ${problem.code}`, ...lines.map(([name, value]) => `${name}: ${value}`)];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

const FOREIGN_ADDRESS = ["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN", "EAI_NONAME", "EINVAL"];

/** The reason why the port cannot be opened, and the option to change. */
function listenProblem(error: Error, host: string, port: number): Error {
  if (hasErrorCode(error, ...FOREIGN_ADDRESS)) {
    const message = `--host: ${host} is not an address of this machine; use 0.0.0.0 for all addresses.`;
    return new InputError("HOST_UNAVAILABLE", message);
  }
  const taken = hasErrorCode(error, "EADDRINUSE");
  if (!taken && !hasErrorCode(error, "EACCES")) return error;
  const reason = taken ? "is in use; choose another with --port" : "cannot be opened";
  return new InputError("PORT_UNAVAILABLE", `--port: ${host}:${port} ${reason}.`);
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearTimeout(force);
  clearInterval(idle);
}
