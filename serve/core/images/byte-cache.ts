/** @module A bounded cache of byte strings that evicts the least recently used. */

/** Caches loaded bytes, and loads each key only once for simultaneous calls. */
export class ByteCache {
  private readonly entries = new Map<string, Uint8Array>();
  private readonly loading = new Map<string, Promise<Uint8Array>>();
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** The bytes of a key. Does not cache failures. */
  async get(key: string, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.entries.get(key);
    if (known) {
      this.entries.delete(key);
      this.entries.set(key, known);
      return known;
    }
    let pending = this.loading.get(key);
    if (!pending) {
      pending = load()
        .then((bytes) => this.store(key, bytes))
        .finally(() => this.loading.delete(key));
      this.loading.set(key, pending);
    }
    return pending;
  }

  private store(key: string, bytes: Uint8Array): Uint8Array {
    if (bytes.length > this.maxBytes / 4) return bytes;
    this.entries.set(key, bytes);
    this.bytes += bytes.length;
    for (const [oldest, old] of this.entries) {
      if (this.bytes <= this.maxBytes) break;
      this.entries.delete(oldest);
      this.bytes -= old.length;
    }
    return bytes;
  }
}
