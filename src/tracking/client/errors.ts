/** @module The errors of the tracking client. */

/** A request that an MLflow server refused, with its HTTP status and MLflow's own error code. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly statusCode: number,
    /** MLflow's code, such as `RESOURCE_DOES_NOT_EXIST`, where the answer had one. */
    readonly errorCode?: string,
    /** How long the server asks to be left alone, in milliseconds. */
    readonly retryAfterMs?: number,
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Reads an error answer: MLflow's JSON, or plain text and HTML from middleware and proxies. */
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
    const line = message.replace(/\s+/g, " ").trim().slice(0, 500);
    const seconds = Number(retryAfter);
    return new ApiError(
      `${request} was answered with ${statusCode}${code ? ` ${code}` : ""}${line ? `: ${line}` : ""}`,
      statusCode,
      code,
      retryAfter !== undefined && Number.isFinite(seconds) ? seconds * 1000 : undefined,
    );
  }
}

/** The tracking settings or a file of a run cannot be used; the message says what to do. */
export class TrackingInputError extends Error {
  /** For command lines: the status of bad input. */
  readonly exitStatus = 2;

  constructor(
    /** Stable, upper-case identifier such as `TRACKING_URI_UNSUPPORTED`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "TrackingInputError";
  }
}

/** How a failed request should be treated. */
type FailureKind =
  /** The server is absent, restarting, busy or broken for now: try again. */
  | "transient"
  /** It asks for other credentials or refuses this client altogether. */
  | "refused"
  /** MLflow understood this request and will never accept it. */
  | "invalid"
  /** Something else than MLflow answered, such as a proxy or the page of a login: nothing is known about the request. */
  | "foreign";

/** Sorts anything thrown by a request. */
export function failureKind(error: unknown): FailureKind {
  if (error instanceof TrackingInputError) return "invalid";
  if (!(error instanceof ApiError)) return "transient";
  const status = error.statusCode;
  if (status === 401 || status === 403) return "refused";
  if (status === 408 || status === 429 || (status >= 500 && status !== 501)) return "transient";
  return error.errorCode === undefined ? "foreign" : "invalid";
}

/** True where what the request names is not on the server, such as a run that was removed for good. */
export function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.errorCode === "RESOURCE_DOES_NOT_EXIST";
}
