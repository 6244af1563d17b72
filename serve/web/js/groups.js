/** @module Which images of a batch travel together, so that no request has more of them or more bytes than is accepted. */

const MOST_ITEMS = 16;
/** Gateways before a server may take less than it does itself: Amazon's HTTP API 10 MB. */
const MOST_BYTES = 8 * 2 ** 20;

/** What a form needs for a file beside its bytes. @param {{name: string}} item */
function envelope({ name }) {
  return 512 + 3 * name.length;
}

/**
 * Groups in the order of the items. An item that is too large for any request is a group of its own, with its problem.
 * @template {{name: string, size?: number}} Item files, or names, which have no size
 * @param {readonly Item[]} items
 * @param {{body_bytes: number, batch_bytes: number, batch_items: number}} limits those of `GET /info`
 * @returns {{items: Item[], problem?: string}[]}
 */
export function groupsOf(items, limits) {
  const mostBytes = Math.min(MOST_BYTES, limits.batch_bytes);
  const mostItems = Math.min(MOST_ITEMS, limits.batch_items);
  /** @type {{items: Item[], problem?: string}[]} */
  const groups = [];
  let bytes = 0;
  for (const item of items) {
    const size = (item.size ?? 0) + envelope(item);
    if ((item.size ?? 0) > limits.body_bytes || size > limits.batch_bytes) {
      groups.push({
        items: [item],
        problem: `The file has ${mib(item.size ?? 0)}; at most ${mib(limits.body_bytes)} are accepted.`,
      });
      continue;
    }
    const last = groups.at(-1);
    if (last && !last.problem && last.items.length < mostItems && bytes + size <= mostBytes) {
      last.items.push(item);
      bytes += size;
    } else {
      groups.push({ items: [item] });
      bytes = size;
    }
  }
  return groups;
}

/** @param {number} bytes */
function mib(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
