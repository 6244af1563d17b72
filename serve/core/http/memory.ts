/** @module How many bytes of bodies and images the requests under way may hold together. */
import { Problem } from "./problem";

const DEFAULT_BYTES = 512 * 2 ** 20;

/** Memory that all requests share. */
export class RequestMemory {
  private held = 0;

  constructor(private readonly size = DEFAULT_BYTES) {}

  /** A part that grows as bytes come, for one request or one image of it. */
  share(): MemoryShare {
    return new MemoryShare((bytes) => this.take(bytes));
  }

  /** @throws {Problem} `QUEUE_FULL`; then nothing is taken */
  private take(bytes: number): void {
    if (bytes > 0 && this.held + bytes > this.size) throw new Problem("QUEUE_FULL");
    this.held += bytes;
  }
}

/** What one holder has of the shared memory. */
export class MemoryShare {
  private held = 0;
  private hasEnded = false;

  constructor(private readonly change: (bytes: number) => void) {}

  /** Counts further bytes, before they are held. @throws {Problem} `QUEUE_FULL` */
  take(bytes: number): void {
    if (this.hasEnded) return;
    this.change(bytes);
    this.held += bytes;
  }

  /** Gives everything back; later bytes are not counted any more. */
  end(): void {
    this.hasEnded = true;
    this.change(-this.held);
    this.held = 0;
  }
}
