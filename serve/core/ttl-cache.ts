/** @module Caches a value for some time. */

/** Creates a value on demand and returns it for some seconds; does not cache failures. */
export class TtlCache<T> {
  private current: { until: number; readonly value: Promise<T> } | undefined;

  constructor(
    private readonly seconds: number,
    private readonly make: () => Promise<T>,
  ) {}

  get(): Promise<T> {
    if (!this.current || this.current.until < performance.now()) {
      // The time counts from when the value is there: on a slow disk, making it can take longer than that.
      const current = { until: Number.POSITIVE_INFINITY, value: this.make() };
      this.current = current;
      current.value.then(
        () => {
          current.until = performance.now() + this.seconds * 1000;
        },
        () => {
          if (this.current === current) this.current = undefined;
        },
      );
    }
    return this.current.value;
  }
}
