/** @module Caches a value for some time. */

/** Creates a value on demand and returns it for some seconds; does not cache failures. */
export class TtlCache<T> {
  private current: { readonly until: number; readonly value: Promise<T> } | undefined;

  constructor(
    private readonly seconds: number,
    private readonly make: () => Promise<T>,
  ) {}

  get(): Promise<T> {
    if (!this.current || this.current.until < Date.now()) {
      const value = this.make();
      this.current = { until: Date.now() + this.seconds * 1000, value };
      value.catch(() => {
        this.current = undefined;
      });
    }
    return this.current.value;
  }
}
