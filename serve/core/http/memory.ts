/** @module Limits the memory for bodies and images of all requests in progress. */
import { Problem } from "./problem";

const DEFAULT_BYTES = 512 * 2 ** 20;

export class RequestMemory {
  private held = 0;

  constructor(private readonly size = DEFAULT_BYTES) {}

  /** Creates a growing share, for one request or one of its images. */
  share(): MemoryShare {
    return new MemoryShare((bytes) => this.take(bytes));
  }

  /** @throws {Problem} `QUEUE_FULL`, without taking anything */
  private take(bytes: number): void {
    if (bytes > 0 && this.held + bytes > this.size) throw new Problem("QUEUE_FULL");
    this.held += bytes;
  }
}

export class MemoryShare {
  private held = 0;
  private hasEnded = false;

  constructor(private readonly change: (bytes: number) => void) {}

  /** Counts further bytes before they are allocated. @throws {Problem} `QUEUE_FULL` */
  take(bytes: number): void {
    if (this.hasEnded) return;
    this.change(bytes);
    this.held += bytes;
  }

  /** Releases the share; later bytes are not counted. */
  end(): void {
    this.hasEnded = true;
    this.change(-this.held);
    this.held = 0;
  }
}
