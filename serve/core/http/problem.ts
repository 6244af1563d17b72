/** @module Errors of the service as problem JSON with a stable `code`. @see https://www.rfc-editor.org/rfc/rfc9457 */

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  408: "Request timeout",
  413: "Content too large",
  415: "Unsupported media type",
  421: "Misdirected request",
  422: "Unprocessable content",
  429: "Too many requests",
  431: "Request header fields too large",
  500: "Internal error",
  501: "Not implemented",
  503: "Service unavailable",
  507: "Insufficient storage",
};

/** All problem codes of the service, with status and meaning. */
export const PROBLEM_CODES = {
  REQUEST_MALFORMED: [400, "The request line, its headers or its form cannot be read."],
  JSON_MALFORMED: [400, "The body is not valid JSON."],
  FIELD_INVALID: [400, "A field of the body or the query is missing, unknown, given twice or of the wrong type."],
  IMAGE_NAME_INVALID: [400, "The image name contains characters or has a form that is not allowed."],
  IMAGE_NAME_AMBIGUOUS: [400, "The image name matches several images; give the full name of one of them."],
  UNAUTHORIZED: [401, "An API key or token is required; the request has none, or it is wrong or expired."],
  ORIGIN_REFUSED: [403, "A page of another site sent this; the operator can allow its origin."],
  ROUTE_NOT_FOUND: [404, "No such route."],
  IMAGE_NOT_FOUND: [404, "The image source has no image of this name."],
  IMAGES_NOT_CONFIGURED: [404, "The service has no image source; send the image itself."],
  FEEDBACK_NOT_CONFIGURED: [404, "The service does not store feedback; start it with histo serve --feedback FILE."],
  MODEL_NOT_FOUND: [404, "No model of this name is loaded."],
  SLIDE_NOT_FOUND: [404, "No slide with this id was requested, or its results have been deleted."],
  SLIDE_FILE_NOT_FOUND: [404, "The slide has no such file or tile, or it is not ready yet."],
  METHOD_NOT_ALLOWED: [405, "This route does not support this method."],
  REQUEST_TIMEOUT: [408, "The request took too long to arrive."],
  BODY_TOO_LARGE: [413, "The request is larger than the limit."],
  IMAGE_TOO_LARGE: [413, "The image has more bytes or pixels than allowed."],
  TOO_MANY_ITEMS: [413, "The batch has more items than allowed."],
  CONTENT_TYPE_UNSUPPORTED: [415, "The content type is not supported."],
  IMAGE_TYPE_UNSUPPORTED: [415, "The bytes are not PNG, JPEG, WebP or TIFF."],
  HOST_REFUSED: [421, "The server does not answer for this host; start it with histo serve --allowed-hosts NAME."],
  IMAGE_CORRUPT: [422, "The image cannot be decoded."],
  IMAGE_SIZE_MISMATCH: [422, "The image does not have the size that the model requires."],
  RATE_LIMITED: [429, "The client has sent too many requests; retry after the given seconds."],
  HEADERS_TOO_LARGE: [431, "The request's headers are larger than the limit."],
  INTERNAL: [500, "Internal error; look up the request id in the log."],
  SLIDES_UNSUPPORTED: [
    501,
    "This deployment does not predict slides; use histo slide, a server with a folder of slides, or a batch job of the container.",
  ],
  QUEUE_FULL: [503, "The queue is full; retry after the given seconds."],
  DEADLINE_EXCEEDED: [503, "The response was not ready within the time limit."],
  MODEL_UNAVAILABLE: [503, "The model is loading or its worker was lost; retry after the given seconds."],
  IMAGE_SOURCE_UNAVAILABLE: [503, "The image source did not respond; retry after the given seconds."],
  ISSUER_UNAVAILABLE: [503, "The token issuer did not respond; retry after the given seconds."],
  SHUTTING_DOWN: [503, "The service is stopping."],
  FEEDBACK_FULL: [507, "The feedback file is full; move it away to store more labels."],
} as const satisfies Readonly<Record<string, readonly [status: number, meaning: string]>>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** An error that becomes a response. `message` is shown to the client: it never contains paths, keys or stack traces. */
export class Problem extends Error {
  readonly status: number;

  constructor(
    readonly code: ProblemCode,
    message: string = PROBLEM_CODES[code][1],
    /** Extra headers, such as `allow`. */
    readonly headers: Readonly<Record<string, string>> = {},
    /** `cause`: what the log is to say of a problem that the operator has to mend. */
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "Problem";
    this.status = PROBLEM_CODES[code][0];
  }

  /** The problem object without members of the request. */
  toJSON(): { type: string; title: string; status: number; detail: string; code: ProblemCode } {
    return {
      type: `/problems#${this.code}`,
      title: TITLES[this.status] ?? "Error",
      status: this.status,
      detail: this.message,
      code: this.code,
    };
  }
}
