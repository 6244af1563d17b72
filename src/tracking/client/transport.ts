/** @module HTTP for MLflow: JSON calls and streamed bodies over node:http(s), with timeouts and retries. */
import * as http from "node:http";
import * as https from "node:https";
import type { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, failureKind } from "./errors";
import type { ConnectionSettings } from "./settings";

const CONNECT_TIMEOUT_MS = 10_000;
/** A server that stages an upload answers only after all of it has reached the object store. */
const UPLOAD_ANSWER_TIMEOUT_MS = 15 * 60_000;
/** Lowest speed of such a server when time is limited. */
const STAGED_BYTES_PER_MS = 5_000;
const LONGEST_PAUSE_MS = 30_000;

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/**
 * One HTTP exchange. Paths are relative to the tracking address. Absolute addresses get no credentials, and other hosts get no
 * certificates.
 */
export interface Exchange {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** `writeTo` writes exactly `length` bytes and ends the request; it is called for each attempt. */
  readonly body?: { readonly length: number; writeTo(request: Writable): Promise<void> };
  readonly signal?: AbortSignal | undefined;
  /** False if repeating the request would do something twice. Then only failed connections, 429 and 503 are retried. */
  readonly idempotent?: boolean;
  readonly maxRetries?: number;
}

export class SilentServerError extends Error {}

/** The delay before retry number `attempt` (from 1): doubles from half a second, with jitter, at most 30 s. */
function backoff(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);
}

/** The same, or the server's Retry-After if that is longer (at most 30 s). */
export function pauseAfter(error: unknown, attempt: number): number {
  const retryAfterMs = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  return Math.min(LONGEST_PAUSE_MS, Math.max(retryAfterMs, backoff(attempt)));
}

export class Transport {
  /** `https` is for the tracking server and has its certificates; `elsewhere` is for other hosts, such as object stores. */
  private readonly agents: { http: http.Agent; https: https.Agent; elsewhere: https.Agent };
  /** Current requests, each with a function that updates its timeout. */
  private readonly underWay = new Map<http.ClientRequest, () => void>();
  private silenceLimitMs = Number.POSITIVE_INFINITY;

  constructor(readonly settings: ConnectionSettings) {
    const pool = { keepAlive: true, maxSockets: 16 };
    this.agents = {
      http: new http.Agent(pool),
      elsewhere: new https.Agent(pool),
      https: new https.Agent({
        ...pool,
        rejectUnauthorized: settings.verifyTls,
        ...(settings.certificateAuthority ? { ca: settings.certificateAuthority } : {}),
        ...(settings.clientCertificate ? { cert: settings.clientCertificate, key: settings.clientCertificate } : {}),
      }),
    };
  }

  /** Sends a request and parses its JSON response. @throws {ApiError} for any status but 2xx. */
  async call<T>(exchange: Exchange): Promise<T> {
    const { answer, body } = await this.read(exchange);
    return this.parse(exchange, answer, body) as T;
  }

  /**
   * Sends a body, whose response is empty or JSON, and returns the headers of the response.
   * @throws {ApiError} for any status but 2xx, and for a page, which no object store sends
   */
  async put(exchange: Exchange): Promise<http.IncomingHttpHeaders> {
    const { answer, body } = await this.read(exchange);
    if (body.trim() !== "") this.parse(exchange, answer, body);
    return answer.headers;
  }

  private read(exchange: Exchange): Promise<{ answer: http.IncomingMessage; body: string }> {
    return this.withRetries(exchange, async () => {
      const answer = await this.exchange(exchange);
      const body = await text(answer);
      this.check(exchange, answer, body);
      return { answer, body };
    });
  }

  /** Sends a request and returns the response with its body unread. @throws {ApiError} for any status but 2xx. */
  async open(exchange: Exchange): Promise<http.IncomingMessage> {
    return this.withRetries(exchange, async () => {
      const answer = await this.exchange(exchange);
      if (!succeeded(answer)) this.check(exchange, answer, await text(answer));
      return answer;
    });
  }

  /**
   * Limits how long a server may stay silent, also in current requests. After an upload, which the server may have to forward,
   * the limit is a little longer.
   */
  limitSilence(milliseconds: number): void {
    this.silenceLimitMs = milliseconds;
    for (const setLimit of this.underWay.values()) setLimit();
  }

  /** Makes current requests fail. */
  interrupt(): void {
    for (const request of this.underWay.keys()) request.destroy(new Error("the request was interrupted"));
  }

  /** Closes idle connections. */
  close(): void {
    for (const agent of Object.values(this.agents)) agent.destroy();
  }

  /** Repeats an attempt that fails for a while, with pauses. */
  async withRetries<T>(
    { signal, idempotent = true, maxRetries = this.settings.maxRetries }: Partial<Exchange>,
    attempt: () => Promise<T>,
  ): Promise<T> {
    for (let retry = 1; ; retry++) {
      try {
        return await attempt();
      } catch (error) {
        if (signal?.aborted || retry > maxRetries || !mayRepeat(error, idempotent)) throw error;
        await sleep(pauseAfter(error, retry), undefined, signal && { signal });
      }
    }
  }

  private exchange({ method, path, query, headers, json, body, signal }: Exchange): Promise<http.IncomingMessage> {
    const own = path.startsWith("/");
    const url = new URL(own ? this.settings.trackingUri + path : path);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value === undefined) continue;
      for (const item of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(item));
    }
    const { origin } = new URL(this.settings.trackingUri);
    const { http: plain, https: trusted, elsewhere } = this.agents;
    const payload = json === undefined ? undefined : Buffer.from(JSON.stringify(json), "utf8");
    const secure = url.protocol === "https:";
    const options: https.RequestOptions = {
      method,
      agent: secure ? (url.origin === origin ? trusted : elsewhere) : plain,
      headers: {
        ...(own && this.settings.authorization ? { authorization: this.settings.authorization } : {}),
        ...(payload ? { "content-type": "application/json", "content-length": payload.length } : {}),
        ...(body ? { "content-length": body.length } : {}),
        ...headers,
      },
      ...(signal ? { signal } : {}),
    };
    return new Promise((resolve, reject) => {
      const request = (secure ? https : http).request(url, options);
      let connecting: NodeJS.Timeout | undefined;
      let uploaded = 0;
      const silenceMs = () => {
        if (uploaded === 0) return Math.min(this.settings.timeoutMs, this.silenceLimitMs);
        return Math.min(UPLOAD_ANSWER_TIMEOUT_MS, this.silenceLimitMs + uploaded / STAGED_BYTES_PER_MS);
      };
      const setLimit = () => void request.setTimeout(Math.ceil(silenceMs()));
      request.on("timeout", () =>
        request.destroy(new SilentServerError(`${url.host} was silent for ${Math.round(silenceMs() / 1000)} s`)),
      );
      setLimit();
      this.underWay.set(request, setLimit);
      request.once("socket", (socket) => {
        if (!socket.connecting) return;
        // From here on, because one of many requests first waits for one of the pool's connections.
        connecting = setTimeout(
          () => request.destroy(new Error(`no connection to ${url.host} within ${CONNECT_TIMEOUT_MS / 1000} s`)),
          CONNECT_TIMEOUT_MS,
        );
        socket.once(secure ? "secureConnect" : "connect", () => clearTimeout(connecting));
      });
      request.once("close", () => {
        clearTimeout(connecting);
        this.underWay.delete(request);
      });
      request.once("response", resolve);
      if (body) {
        // A response before the end of the body is a rejection, so the rest of the body is not sent.
        request.once("response", (answer) => answer.once("close", () => request.writableEnded || request.destroy()));
        // A rejection often arrives while the body is still being sent, and breaks the pipe. The response says more.
        request.on("error", (error) => void setTimeout(reject, 200, error));
        body.writeTo(request).then(
          () => {
            uploaded = body.length;
            setLimit();
          },
          (error) => void setTimeout(reject, 200, error),
        );
      } else {
        request.on("error", reject);
        request.end(payload);
      }
    });
  }

  private parse(exchange: Exchange, answer: http.IncomingMessage, text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      const message = `${this.describe(exchange)} was not answered by an MLflow server (no JSON): check MLFLOW_TRACKING_URI.`;
      throw new ApiError(message, answer.statusCode ?? 0);
    }
  }

  private check(exchange: Exchange, answer: http.IncomingMessage, text: string): void {
    if (succeeded(answer)) return;
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status < 400) {
      const target = answer.headers.location ?? "another address";
      const message = `${this.settings.trackingUri} redirects to ${target}: set MLFLOW_TRACKING_URI to that.`;
      throw new ApiError(message, status);
    }
    throw ApiError.fromAnswer(this.describe(exchange), status, text, answer.headers["retry-after"]);
  }

  private describe({ method, path }: Exchange): string {
    return `${method} ${path.startsWith("/") ? this.settings.trackingUri + path : new URL(path).origin}`;
  }
}

function succeeded(answer: http.IncomingMessage): boolean {
  return answer.statusCode !== undefined && answer.statusCode >= 200 && answer.statusCode < 300;
}

function mayRepeat(error: unknown, idempotent: boolean): boolean {
  if (failureKind(error) !== "transient") return false;
  if (idempotent) return true;
  if (error instanceof ApiError) return error.statusCode === 429 || error.statusCode === 503;
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
}

/** All pages of a list, requested one after the other. */
export async function* pagesOf<Page extends { readonly next_page_token?: string }>(
  request: (token: string | undefined) => Promise<Page>,
): AsyncGenerator<Page> {
  let token: string | undefined;
  do {
    const page = await request(token);
    yield page;
    token = page.next_page_token || undefined;
  } while (token);
}
