/** @module A value that takes time to make, kept for a while. */

/** Makes a value when it is asked for and gives the same one for some seconds; a failure is not kept. */
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
