/** @module The last batch, as this browser keeps it: names, labels and answers, without the images. */
import { inStore } from "./store.js";

/** @type {import("./store.js").Place} */
const PLACE = { name: "histo-batch", store: "batch" };
const ABOUT = "about";

/** @typedef {import("./batch-table.js").Row & {size: number}} Row */
/**
 * What is known of a batch beside its rows. Each has an id: where two tabs have one, that of the one that began last is kept.
 * @typedef {{id: string, model: string, sha256: string, at: string, milliseconds: number, labelledBy: string}} About
 */

/** @param {string} id @param {number} index */
const keyOf = (id, index) => [id, index];

/** Keeps a batch in place of the one before. @param {About} about @param {readonly Row[]} rows */
export function keepBatch(about, rows) {
  return put((store) => {
    store.clear();
    for (const [index, row] of rows.entries()) store.put(plain(row), keyOf(about.id, index));
    return store.put(about, ABOUT);
  });
}

/**
 * Keeps rows that have changed, if their batch is the kept one still.
 * @param {About} about @param {readonly Row[]} all @param {readonly Row[]} changed
 */
export function keepChanges(about, all, changed) {
  const wanted = new Set(changed);
  return put((store) => {
    const asked = store.get(ABOUT);
    asked.addEventListener("success", () => {
      if (asked.result?.id !== about.id) return;
      for (const [index, row] of all.entries()) if (wanted.has(row)) store.put(plain(row), keyOf(about.id, index));
      store.put(about, ABOUT);
    });
    return asked;
  });
}

/** The kept batch; undefined where there is none. @returns {Promise<{about: About, rows: Row[]} | undefined>} */
export async function keptBatch() {
  try {
    const about = await inStore(PLACE, "readonly", (store) => store.get(ABOUT));
    if (!about) return undefined;
    const range = IDBKeyRange.bound(keyOf(about.id, 0), keyOf(about.id, Number.MAX_SAFE_INTEGER));
    return { about, rows: await inStore(PLACE, "readonly", (store) => store.getAll(range)) };
  } catch {
    return undefined;
  }
}

export function forgetBatch() {
  return put((store) => store.clear());
}

/** Without room on the disk the batch is there until the page is left. @param {(store: IDBObjectStore) => IDBRequest<any>} ask */
function put(ask) {
  return inStore(PLACE, "readwrite", ask).catch(() => undefined);
}

/** A row without its file, which may be large, and its picture, which ends with the page. @param {Row} row */
function plain({ file: _file, url: _url, ...row }) {
  return row;
}
