/** @module HTTP for MLflow: JSON calls and streamed bodies over node:http(s), with timeouts and retries. */
import * as http from "node:http";
import * as https from "node:https";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, failureKind } from "./errors";
import type { ConnectionSettings } from "./settings";

const CONNECT_TIMEOUT_MS = 10_000;
/** A server that stages an upload answers only when all of it has reached the object store. */
const UPLOAD_ANSWER_TIMEOUT_MS = 15 * 60_000;
/** The slowest such server that is waited for where time is short. */
const STAGED_BYTES_PER_MS = 5_000;
const LONGEST_PAUSE_MS = 30_000;

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** One HTTP exchange. Paths are relative to the tracking address; absolute addresses get no credentials, and other hosts no certificates. */
export interface Exchange {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** `writeTo` writes `length` bytes exactly and ends the request; it is called anew for each attempt. */
  readonly body?: { readonly length: number; writeTo(request: Writable): Promise<void> };
  readonly signal?: AbortSignal;
  /** False where a repeated request would do something twice: then only failures to connect, 429 and 503 are retried. */
  readonly idempotent?: boolean;
  readonly maxRetries?: number;
}

/** The server has said nothing within a request for as long as it may. */
export class SilentServerError extends Error {}

/** The pause before attempt number `attempt` (from 1): doubling from half a second, with jitter, 30 s at most. */
export function backoff(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);
}

/** The same after a failure, or longer where the server asked for it (30 s at most). */
export function pauseAfter(error: unknown, attempt: number): number {
  const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  return Math.min(LONGEST_PAUSE_MS, Math.max(asked, backoff(attempt)));
}

/** A connection pool to one server. */
export class Transport {
  /** For the tracking server, with its certificates, and for everybody else (object stores), without. */
  private readonly agents: { http: http.Agent; https: https.Agent; elsewhere: https.Agent };
  /** What is being sent, each with what sets its time limit anew. */
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

  /** Sends a request and reads its JSON answer. @throws {ApiError} for any status but 2xx. */
  async call<T>(exchange: Exchange): Promise<T> {
    return this.withRetries(exchange, async () => {
      const answer = await this.exchange(exchange);
      const text = await textOf(answer);
      this.check(exchange, answer, text);
      return this.parse(exchange, answer, text) as T;
    });
  }

  /**
   * Sends a body, which is acknowledged without content (or with JSON), and returns the headers of the answer.
   * @throws {ApiError} for any status but 2xx, and for a page: it is not the store that sends one
   */
  async put(exchange: Exchange): Promise<http.IncomingHttpHeaders> {
    return this.withRetries(exchange, async () => {
      const answer = await this.exchange(exchange);
      const text = await textOf(answer);
      this.check(exchange, answer, text);
      if (text.trim() !== "") this.parse(exchange, answer, text);
      return answer.headers;
    });
  }

  /** Sends a request and hands over the answer with its body unread. @throws {ApiError} for any status but 2xx. */
  async open(exchange: Exchange): Promise<http.IncomingMessage> {
    return this.withRetries(exchange, async () => {
      const answer = await this.exchange(exchange);
      if (!succeeded(answer)) this.check(exchange, answer, await textOf(answer));
      return answer;
    });
  }

  /**
   * From now on a server may be silent for this long only, also within the requests under way; a little longer after an
   * upload, which it may have to pass on.
   */
  limitSilence(milliseconds: number): void {
    this.silenceLimitMs = milliseconds;
    for (const setLimit of this.underWay.values()) setLimit();
  }

  /** Makes the requests under way fail. */
  interrupt(): void {
    for (const request of this.underWay.keys()) request.destroy(new Error("the request was interrupted"));
  }

  /** Closes idle connections. */
  close(): void {
    for (const agent of Object.values(this.agents)) agent.destroy();
  }

  private async withRetries<T>(exchange: Exchange, attempt: () => Promise<T>): Promise<T> {
    const maxRetries = exchange.maxRetries ?? this.settings.maxRetries;
    for (let retry = 1; ; retry++) {
      try {
        return await attempt();
      } catch (error) {
        if (exchange.signal?.aborted || retry > maxRetries || !mayRepeat(error, exchange.idempotent ?? true))
          throw error;
        await sleep(pauseAfter(error, retry), undefined, {
          ...(exchange.signal ? { signal: exchange.signal } : {}),
        });
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
      const connecting = setTimeout(
        () => request.destroy(new Error(`no connection to ${url.host} within ${CONNECT_TIMEOUT_MS / 1000} s`)),
        CONNECT_TIMEOUT_MS,
      );
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
        if (!socket.connecting) clearTimeout(connecting);
        else socket.once(secure ? "secureConnect" : "connect", () => clearTimeout(connecting));
      });
      request.once("close", () => {
        clearTimeout(connecting);
        this.underWay.delete(request);
      });
      request.once("response", resolve);
      if (body) {
        // An answer before the end of the body is a refusal: what is left of the body need not be sent.
        request.once("response", (answer) => answer.once("close", () => request.writableEnded || request.destroy()));
        // A refusal often arrives while the body is still being sent and breaks the pipe: the answer says more.
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
      throw new ApiError(
        `${this.describe(exchange)} was not answered by an MLflow server (no JSON): check MLFLOW_TRACKING_URI.`,
        answer.statusCode ?? 0,
      );
    }
  }

  private check(exchange: Exchange, answer: http.IncomingMessage, text: string): void {
    if (succeeded(answer)) return;
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status < 400) {
      const target = answer.headers.location ?? "another address";
      throw new ApiError(
        `${this.settings.trackingUri} redirects to ${target}: set MLFLOW_TRACKING_URI to that.`,
        status,
      );
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

async function textOf(answer: http.IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

function mayRepeat(error: unknown, idempotent: boolean): boolean {
  if (failureKind(error) !== "transient") return false;
  if (idempotent) return true;
  if (error instanceof ApiError) return error.statusCode === 429 || error.statusCode === 503;
  return error instanceof Error && (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
}
