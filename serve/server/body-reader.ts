/** @module Reading request bodies without ever holding more of them than is accepted. */
import type { IncomingMessage } from "node:http";
import { Problem } from "../core/index";

/** After a refusal this many bytes are still read and thrown away, so that the client gets to see the answer. */
const DISCARDED_BYTES = 64 * 2 ** 20;
const DEFAULT_MEMORY = 512 * 2 ** 20;

/** Reads bodies; all that are being read at a time share one memory. */
export class BodyReader {
  private held = 0;

  constructor(private readonly memory = DEFAULT_MEMORY) {}

  /**
   * The whole body. A wrong or missing Content-Length changes nothing: bytes are counted as they come.
   * @throws {Problem} `BODY_TOO_LARGE`, `QUEUE_FULL`, `REQUEST_MALFORMED` when the client breaks off
   */
  async read(request: IncomingMessage, limit: number): Promise<Uint8Array> {
    if (Number(request.headers["content-length"] ?? 0) > limit) {
      discard(request);
      throw tooLarge(limit);
    }
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      await new Promise<void>((resolve, reject) => {
        const keep = (chunk: Buffer): void => {
          length += chunk.length;
          this.held += chunk.length;
          chunks.push(chunk);
          const problem = length > limit ? tooLarge(limit) : this.held > this.memory ? new Problem("QUEUE_FULL") : null;
          if (!problem) return;
          request.off("data", keep);
          discard(request);
          reject(problem);
        };
        const broken = () => reject(new Problem("REQUEST_MALFORMED", "The request broke off."));
        request.on("data", keep).on("end", resolve).on("aborted", broken).on("error", broken);
      });
    } finally {
      this.held -= length;
    }
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  }
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
