/**
 * @module Errors of the service as problem JSON with a stable `code`.
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Unauthorized",
  404: "Not found",
  405: "Method not allowed",
  408: "Request timeout",
  413: "Content too large",
  415: "Unsupported media type",
  422: "Unprocessable content",
  429: "Too many requests",
  431: "Request header fields too large",
  500: "Internal error",
  501: "Not implemented",
  503: "Service unavailable",
  507: "Insufficient storage",
};

/** Every code that an answer of the service may carry, with its status and meaning. */
export const PROBLEM_CODES = {
  REQUEST_MALFORMED: [400, "The request line, its headers or its form cannot be read."],
  JSON_MALFORMED: [400, "The body is not valid JSON."],
  FIELD_INVALID: [400, "A field of the body or the query is missing or has the wrong type."],
  IMAGE_NAME_INVALID: [400, "The image name has characters or a form that names here never have."],
  IMAGE_NAME_AMBIGUOUS: [400, "The image name may mean any of several images; ask for one of them in full."],
  UNAUTHORIZED: [401, "An API key or a token is required and was not given, is wrong or has expired."],
  ROUTE_NOT_FOUND: [404, "No such route."],
  IMAGE_NOT_FOUND: [404, "The image source has no image of this name."],
  IMAGES_NOT_CONFIGURED: [404, "The service has no image source; send the image itself."],
  FEEDBACK_NOT_CONFIGURED: [404, "The service keeps no labels of people; histo serve --feedback FILE does."],
  MODEL_NOT_FOUND: [404, "No model of this name is loaded."],
  SLIDE_NOT_FOUND: [404, "No slide of this id has been asked for, or its results are kept no longer."],
  SLIDE_FILE_NOT_FOUND: [404, "The slide has no such file or tile, or not yet."],
  METHOD_NOT_ALLOWED: [405, "The route exists, for other methods."],
  REQUEST_TIMEOUT: [408, "The request took too long to arrive."],
  BODY_TOO_LARGE: [413, "The request has more bytes than accepted."],
  IMAGE_TOO_LARGE: [413, "The image has more bytes or pixels than accepted."],
  TOO_MANY_ITEMS: [413, "The batch has more items than accepted."],
  CONTENT_TYPE_UNSUPPORTED: [415, "The content type is none of the accepted ones."],
  IMAGE_TYPE_UNSUPPORTED: [415, "The bytes are not PNG, JPEG, WebP or TIFF."],
  IMAGE_CORRUPT: [422, "The image cannot be decoded."],
  IMAGE_SIZE_MISMATCH: [422, "The image has not the size that the model requires."],
  RATE_LIMITED: [429, "The client has sent too many requests; retry after the given seconds."],
  HEADERS_TOO_LARGE: [431, "The request's headers have more bytes than accepted."],
  INTERNAL: [500, "A fault of the service; the request id finds it in the log."],
  SLIDES_UNSUPPORTED: [
    501,
    "This deployment does not predict slides; histo slide does, on a server with a folder of slides or as a batch job of the container.",
  ],
  QUEUE_FULL: [503, "As many requests are waiting as the service accepts; retry after the given seconds."],
  DEADLINE_EXCEEDED: [503, "The answer was not ready in the allowed time."],
  MODEL_UNAVAILABLE: [503, "The model is loading or its worker was lost; retry after the given seconds."],
  IMAGE_SOURCE_UNAVAILABLE: [503, "The image source did not answer; retry after the given seconds."],
  ISSUER_UNAVAILABLE: [503, "The issuer of tokens did not answer; retry after the given seconds."],
  SHUTTING_DOWN: [503, "The service is stopping."],
  FEEDBACK_FULL: [507, "The file with people's labels is full; move it away to keep more."],
} as const satisfies Readonly<Record<string, readonly [status: number, meaning: string]>>;

export type ProblemCode = keyof typeof PROBLEM_CODES;

/** An error that becomes an answer. `message` is shown to the client: it never holds paths, keys or stack traces. */
export class Problem extends Error {
  readonly status: number;

  constructor(
    readonly code: ProblemCode,
    message: string = PROBLEM_CODES[code][1],
    /** Extra headers, such as `allow`. */
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "Problem";
    this.status = PROBLEM_CODES[code][0];
  }

  /** The problem object without the request's own members. */
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
