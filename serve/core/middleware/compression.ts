/** @module Compresses long answers for clients that accept it: lists of thousands of images, the tiles of a slide. */
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { acceptsGzip } from "../http/index";
import type { Middleware } from "./compose";

/** Shorter answers, such as predictions, gain less than the work costs. */
const LEAST_BYTES = 4096;
const TEXTS = /^(?:text\/|application\/(?:[\w.-]+\+)?json)/;

const zip = promisify(gzip);

/** Compresses texts; pictures and the page's files are compressed already. */
export function compressAnswers(): Middleware {
  return async (request, next) => {
    const response = await next(request);
    const { headers, body } = response;
    if (!TEXTS.test(headers["content-type"] ?? "") || "content-encoding" in headers) return response;
    if (Buffer.byteLength(body) < LEAST_BYTES) return response;
    const told = { ...headers, vary: "accept-encoding" };
    if (!acceptsGzip(request.headers["accept-encoding"])) return { ...response, headers: told };
    // The lowest level makes lists of names a tenth as long, in a third of the usual time.
    return { ...response, headers: { ...told, "content-encoding": "gzip" }, body: await zip(body, { level: 1 }) };
  };
}
