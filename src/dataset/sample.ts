/** @module Some tiles that stand for all. */

/** At most `most` items in their order, spread evenly over all of them: the same ones every time. */
export function spreadOver<T>(items: readonly T[], most: number): T[] {
  const count = Math.min(items.length, most);
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as T);
}
