/** @module Reads request bodies and never holds more than the limit. */
import type { IncomingMessage } from "node:http";
import { type MemoryShare, Problem } from "../core/index";
import { wasLate } from "./listen";

/** Bytes to read and discard after a refusal: a client that still sends would not see the response. */
const DISCARDED_BYTES = 64 * 2 ** 20;

/**
 * Reads the whole body. Counts the bytes as they arrive, so a wrong Content-Length does no harm.
 * @param memory counts the body until the share ends or the body is refused
 * @throws {Problem} `BODY_TOO_LARGE`, `QUEUE_FULL`, `REQUEST_TIMEOUT`, `REQUEST_MALFORMED` if the client disconnects
 */
export async function readBody(request: IncomingMessage, limit: number, memory: MemoryShare): Promise<Uint8Array> {
  if (Number(request.headers["content-length"] ?? 0) > limit) {
    discard(request);
    throw tooLarge(limit);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((resolve, reject) => {
    const receive = (chunk: Buffer): void => {
      try {
        length += chunk.length;
        if (length > limit) throw tooLarge(limit);
        memory.take(chunk.length);
        chunks.push(chunk);
      } catch (problem) {
        request.off("data", receive);
        chunks.length = 0;
        memory.end();
        discard(request);
        reject(problem);
      }
    };
    const incomplete = "The request is incomplete: the connection was closed.";
    const fail = () =>
      reject(wasLate(request) ? new Problem("REQUEST_TIMEOUT") : new Problem("REQUEST_MALFORMED", incomplete));
    // The client may have gone while its token was checked: then there are no more events.
    if (request.destroyed) fail();
    else request.on("data", receive).on("end", resolve).on("aborted", fail).on("error", fail);
  });
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

function tooLarge(limit: number): Problem {
  return new Problem(
    "BODY_TOO_LARGE",
    `At most ${(limit / 2 ** 20).toFixed(1)} MiB are accepted: send a smaller file, or fewer at once.`,
  );
}

function discard(request: IncomingMessage): void {
  let left = DISCARDED_BYTES;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}
