/** @module The errors of the tracking client. */
import { InputError } from "../../errors/index";

/** A request that an MLflow server rejected, with its HTTP status and MLflow's error code. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly statusCode: number,
    /** MLflow's code, such as `RESOURCE_DOES_NOT_EXIST`, if the response has one. */
    readonly errorCode?: string,
    /** The server's Retry-After, in milliseconds. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Parses an error response: MLflow's JSON, or text or HTML from middleware and proxies. */
  static fromAnswer(request: string, statusCode: number, text: string, retryAfter?: string): ApiError {
    let message = text.replace(/<[^>]*>/g, " ");
    let code: string | undefined;
    try {
      const body = JSON.parse(text) as { error_code?: unknown; message?: unknown };
      if (typeof body.error_code === "string") code = body.error_code;
      if (typeof body.message === "string") message = body.message;
    } catch {
      // Not JSON: the text itself is the message.
    }
    // Without full stops at its end, because sentences follow it.
    const line = message.replace(/\s+/g, " ").trim().slice(0, 500).replace(/\.+$/, "");
    const whole = `${request} was answered with ${statusCode}${code ? ` ${code}` : ""}${line ? `: ${line}` : ""}`;
    return new ApiError(whole, statusCode, code, delayOf(retryAfter));
  }
}

/** The delay of a Retry-After header in milliseconds, which is a number of seconds or a date. */
function delayOf(text = ""): number | undefined {
  const isDate = text === "" || Number.isNaN(Number(text));
  const delay = isDate ? Date.parse(text) - Date.now() : 1000 * Number(text);
  return Number.isFinite(delay) ? Math.max(0, delay) : undefined;
}

/** The tracking settings or a file of a run cannot be used. The message says what to do. */
export class TrackingInputError extends InputError {}

/** How a failed request should be treated. */
type FailureKind =
  /** The server is absent, restarting, busy or broken: retry. */
  | "transient"
  /** The server requires other credentials or rejects this client. */
  | "refused"
  /** MLflow understood the request and will never accept it. */
  | "invalid"
  /** Something other than MLflow answered, such as a proxy or a login page: the result of the request is unknown. */
  | "foreign";

/** Classifies anything thrown by a request. */
export function failureKind(error: unknown): FailureKind {
  if (error instanceof TrackingInputError) return "invalid";
  if (!(error instanceof ApiError)) return "transient";
  const status = error.statusCode;
  if (status === 401 || status === 403) return "refused";
  if (status === 408 || status === 429 || (status >= 500 && status !== 501)) return "transient";
  return error.errorCode === undefined ? "foreign" : "invalid";
}

/** True if the object of the request is not on the server, such as a run that was removed for good. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.errorCode === "RESOURCE_DOES_NOT_EXIST";
}
