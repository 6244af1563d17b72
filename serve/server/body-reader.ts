/** @module Reading request bodies without ever holding more of them than is accepted. */
import type { IncomingMessage } from "node:http";
import { type MemoryShare, Problem } from "../core/index";

/** After a refusal this many bytes are still read and thrown away, so that the client gets to see the answer. */
const DISCARDED_BYTES = 64 * 2 ** 20;

/**
 * The whole body. A wrong or missing Content-Length changes nothing: bytes are counted as they come.
 * @param memory where the body is counted: until the share ends, or the body is refused
 * @throws {Problem} `BODY_TOO_LARGE`, `QUEUE_FULL`, `REQUEST_MALFORMED` when the client breaks off
 */
export async function readBody(request: IncomingMessage, limit: number, memory: MemoryShare): Promise<Uint8Array> {
  if (Number(request.headers["content-length"] ?? 0) > limit) {
    discard(request);
    throw tooLarge(limit);
  }
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((resolve, reject) => {
    const keep = (chunk: Buffer): void => {
      try {
        length += chunk.length;
        if (length > limit) throw tooLarge(limit);
        memory.take(chunk.length);
        chunks.push(chunk);
      } catch (problem) {
        request.off("data", keep);
        chunks.length = 0;
        memory.end();
        discard(request);
        reject(problem);
      }
    };
    const broken = () => reject(new Problem("REQUEST_MALFORMED", "The request broke off."));
    request.on("data", keep).on("end", resolve).on("aborted", broken).on("error", broken);
  });
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

function tooLarge(limit: number): Problem {
  return new Problem("BODY_TOO_LARGE", `At most ${limit} bytes are accepted.`);
}

function discard(request: IncomingMessage): void {
  let left = DISCARDED_BYTES;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}
