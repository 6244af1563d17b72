/** @module Grouping, counting and sampling of values. */

/** The items with each key, in the order in which keys and items first occur. */
export function groupBy<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** How often each value occurs, most frequent first; of equally frequent ones, the first occurring comes first. */
export function countValues<Value>(values: Iterable<Value>): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return new Map([...counts].sort(([, a], [, b]) => b - a));
}

/** The middle one of the sorted values, of an even number the upper one; NaN without values. */
export function upperMedian(values: Iterable<number>): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** At most `most` items in their order, evenly spread; always the same ones. */
export function spreadOver<Item>(items: ArrayLike<Item>, most: number): Item[] {
  const count = Math.min(items.length, most);
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)] as Item);
}

/** The name, or the name with a number if it is used already. Adds the result to the used names. */
export function unusedName(name: string, used: Set<string>): string {
  let free = name;
  for (let count = 2; used.has(free); count++) free = `${name}-${count}`;
  used.add(free);
  return free;
}
