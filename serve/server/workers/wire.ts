/**
 * @module Messages between the server and its workers on a stream. Each has a small JSON part and bytes. Images pass
 * uncopied, while the channel of `fork` would copy them several times.
 *
 * A frame is the length of the JSON part and of the bytes (two 32-bit numbers, little-endian), the JSON part, the bytes.
 */
import type { Duplex } from "node:stream";

const HEADER_BYTES = 8;

/** One end of the connection. */
export class Wire {
  private readonly header = Buffer.alloc(HEADER_BYTES);
  private headerFilled = 0;
  private body = Buffer.alloc(0);
  private bodyFilled = 0;

  /** @param receive gets each message and its bytes, which may be empty */
  constructor(
    private readonly stream: Duplex,
    private readonly receive: (message: unknown, bytes: Uint8Array) => void,
  ) {
    stream.on("data", (chunk: Buffer) => this.take(chunk));
    // The end of the process is reported elsewhere.
    stream.on("error", () => undefined);
  }

  /** Sends a message; does nothing if the other end is closed. */
  send(message: object, bytes?: Uint8Array): void {
    if (!this.stream.writable) return;
    const json = Buffer.from(JSON.stringify(message));
    const head = Buffer.allocUnsafe(HEADER_BYTES);
    head.writeUInt32LE(json.length, 0);
    head.writeUInt32LE(bytes?.length ?? 0, 4);
    this.stream.cork();
    this.stream.write(head);
    this.stream.write(json);
    if (bytes && bytes.length > 0) this.stream.write(bytes);
    this.stream.uncork();
  }

  private take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.headerFilled < HEADER_BYTES) {
        const copied = chunk.copy(this.header, this.headerFilled, at, at + HEADER_BYTES - this.headerFilled);
        this.headerFilled += copied;
        at += copied;
        if (this.headerFilled < HEADER_BYTES) return;
        this.body = Buffer.allocUnsafeSlow(this.header.readUInt32LE(0) + this.header.readUInt32LE(4));
        this.bodyFilled = 0;
      }
      const copied = chunk.copy(this.body, this.bodyFilled, at);
      this.bodyFilled += copied;
      at += copied;
      if (this.bodyFilled === this.body.length) this.deliver();
    }
  }

  private deliver(): void {
    const split = this.header.readUInt32LE(0);
    const { body } = this;
    this.headerFilled = 0;
    this.body = Buffer.alloc(0);
    this.receive(JSON.parse(body.toString("utf8", 0, split)), body.subarray(split));
  }
}
