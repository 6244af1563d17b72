/** @module Reading a request's body without ever holding more of it than is accepted. */
import type { IncomingMessage } from "node:http";
import { Problem } from "../core/index";

/** After a refusal this many bytes are still read and thrown away, so that the client gets to see the answer. */
const DISCARDED_BYTES = 64 * 2 ** 20;

/**
 * The whole body. A wrong or missing Content-Length changes nothing: bytes are counted as they come.
 * @throws {Problem} `BODY_TOO_LARGE`, `REQUEST_MALFORMED` when the client breaks off
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const refuse = () => {
      request.off("data", keep);
      discard(request);
      reject(new Problem("BODY_TOO_LARGE", `At most ${limit} bytes are accepted.`));
    };
    if (Number(request.headers["content-length"] ?? 0) > limit) return refuse();
    const chunks: Buffer[] = [];
    let length = 0;
    function keep(chunk: Buffer): void {
      length += chunk.length;
      if (length > limit) refuse();
      else chunks.push(chunk);
    }
    request.on("data", keep);
    request.on("end", () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const broken = () => reject(new Problem("REQUEST_MALFORMED", "The request broke off."));
    request.on("aborted", broken).on("error", broken);
  });
}

function discard(request: IncomingMessage): void {
  let left = DISCARDED_BYTES;
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.resume();
}
