/** @module Requests and responses as plain data, so that Express and Lambda can use the same service, and the memory that requests may hold. */
import { Problem } from "./problem";

export interface ServiceRequest {
  readonly method: string;
  /** Path without the query, still percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /**
   * Reads the whole body, once.
   * @param limit largest number of bytes
   * @throws {Problem} `BODY_TOO_LARGE`, `QUEUE_FULL`, `REQUEST_TIMEOUT`, `REQUEST_MALFORMED` if the client disconnects
   */
  readonly readBody: (limit: number) => Promise<Uint8Array>;
  /** Request id for logs; echoed as `x-request-id`. */
  readonly id: string;
  /** Aborted when the client disconnects. */
  readonly signal: AbortSignal;
  /** Counts the bytes that are held until the response has been sent; those of the body are already counted. */
  readonly memory?: MemoryShare | undefined;
  /** Milliseconds left for the response, if fewer than the service's own limit, such as in a Lambda function. */
  readonly deadlineMs?: number | undefined;
}

/** The status of requests that did not arrive in time. Their connection is answered before the service notices. */
export const REQUEST_TIMEOUT = 408;

/** The status that the log and the metrics give requests whose client left before the response, as other servers do. */
export const CLIENT_GONE = 499;

export interface ServiceResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

/** A JSON response. NaN and infinities become null. */
export function json(value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): ServiceResponse {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
    body: JSON.stringify(value),
  };
}

export function text(body: string, contentType = "text/plain; charset=utf-8"): ServiceResponse {
  return { status: 200, headers: { "content-type": contentType, "cache-control": "no-store" }, body };
}

/** The media type of a header such as `image/png; charset=x`, in lower case and without parameters. */
export function mediaType(header: string | undefined): string {
  return (header ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Whether a client accepts gzip, by its `accept-encoding`; with a weight of 0 it refuses it. */
export function acceptsGzip(accepted = ""): boolean {
  return accepted.split(",").some((coding) => /^\s*(?:x-)?gzip\s*(?:$|;(?!\s*q=0(?:\.0*)?\s*$))/i.test(coding));
}

/** The problem object, with the request's id if known. */
export function problemBody(problem: Problem, requestId?: string): Record<string, unknown> {
  return { ...problem.toJSON(), ...(requestId ? { instance: `urn:request:${requestId}` } : {}) };
}

/** Seconds after which a client may try again. */
const RETRY_AFTER_SECONDS = 1;

/** The response for a problem; always with `retry-after` for 429 and 503. */
export function problemResponse(problem: Problem, body: object = problemBody(problem)): ServiceResponse {
  const retry = problem.status === 429 || problem.status === 503 ? { "retry-after": `${RETRY_AFTER_SECONDS}` } : {};
  const headers = { "content-type": "application/problem+json; charset=utf-8", ...retry, ...problem.headers };
  return json(body, problem.status, headers);
}

const DEFAULT_BYTES = 512 * 2 ** 20;

export class RequestMemory {
  private held = 0;

  constructor(private readonly size = DEFAULT_BYTES) {}

  /** Creates a growing share, for one request or one of its images. */
  share(): MemoryShare {
    return new MemoryShare((bytes) => this.take(bytes));
  }

  /** @throws {Problem} `QUEUE_FULL`, without taking anything */
  private take(bytes: number): void {
    if (bytes > 0 && this.held + bytes > this.size) throw new Problem("QUEUE_FULL");
    this.held += bytes;
  }
}

export class MemoryShare {
  private held = 0;
  private hasEnded = false;

  constructor(private readonly change: (bytes: number) => void) {}

  /** Counts further bytes before they are allocated. @throws {Problem} `QUEUE_FULL` */
  take(bytes: number): void {
    if (this.hasEnded) return;
    this.change(bytes);
    this.held += bytes;
  }

  /** Releases the share; later bytes are not counted. */
  end(): void {
    this.hasEnded = true;
    this.change(-this.held);
    this.held = 0;
  }
}
