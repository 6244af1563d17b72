/** @module A bounded memory of byte strings; the least recently used go first. */

/** Keeps what was loaded, and loads each key once even when many ask at the same time. */
export class ByteCache {
  private readonly entries = new Map<string, Uint8Array>();
  private readonly loading = new Map<string, Promise<Uint8Array>>();
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** The bytes of a key. A failed load is not remembered. */
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
        .then((bytes) => this.keep(key, bytes))
        .finally(() => this.loading.delete(key));
      this.loading.set(key, pending);
    }
    return pending;
  }

  private keep(key: string, bytes: Uint8Array): Uint8Array {
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
