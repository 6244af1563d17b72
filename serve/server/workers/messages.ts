/** @module Messages between the server and its model workers, and how they are sent: images and pixels as bytes next to them. */

import type { Duplex } from "node:stream";
import type { EngineOptions, LoadedModel, ProblemCode } from "../../core/index";
import type { ModelCalls } from "../../core/models/index";

export interface WorkerOptions extends EngineOptions {
  /** Threads of the network. */
  readonly threads?: number | undefined;
  /** Bits that the values of 16-bit images use. */
  readonly bitDepth?: number | undefined;
}

export type Method = keyof ModelCalls;

/** A call of a {@link ModelCalls} method. Its image or pixels are the message's bytes; `numbers` are its other parameters. */
export interface Work<M extends Method = Method> {
  readonly method: M;
  readonly numbers?: readonly number[];
}

export type ResultOf<M extends Method> = Awaited<ReturnType<ModelCalls[M]>>;

export type ToWorker =
  | { readonly type: "load"; readonly directory: string; readonly name: string; readonly options: WorkerOptions }
  | { readonly type: "work"; readonly id: number; readonly work: Work }
  | { readonly type: "cancel"; readonly id: number };

export type FromWorker =
  | { readonly type: "loaded"; readonly model: LoadedModel }
  | { readonly type: "failed"; readonly code: string; readonly message: string; readonly input: boolean }
  /** `value` is null if the message's bytes are the result. */
  | { readonly type: "done"; readonly id: number; readonly value: unknown }
  | { readonly type: "refused"; readonly id: number; readonly code: ProblemCode; readonly message: string };

const HEADER_BYTES = 8;

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
