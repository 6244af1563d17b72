/** @module What this browser keeps: it survives a reload, and leaves it nowhere. */

/**
 * A database with one store. Each store has a database of its own: the upgrade of one with several would wait for every tab with
 * an older page.
 * @typedef {{name: string, store: string, options?: IDBObjectStoreParameters}} Place
 */

/** The earlier answers, with the images that were given. @type {Place} */
const ANSWERS = { name: "histo-answers", store: "answers", options: { keyPath: "id", autoIncrement: true } };
/** The oldest are dropped. */
const MOST = 50;

/**
 * @typedef {{id?: number, at: string, name: string, blob?: Blob, entry?: any, drawn?: boolean, thumbnail?: string, where: string, answer: any,
 * roundTripMs: number}} Kept
 */

/** @type {Map<string, Promise<IDBDatabase>>} */
const opened = new Map();

/** @param {Place} place */
function database({ name, store, options }) {
  const known =
    opened.get(name) ??
    new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(store, options);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  opened.set(name, known);
  return known;
}

/**
 * @template T
 * @param {Place} place @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} ask its last request @returns {Promise<T>}
 */
export async function inStore(place, mode, ask) {
  const store = (await database(place)).transaction(place.store, mode).objectStore(place.store);
  return new Promise((resolve, reject) => {
    const request = ask(store);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Every kept answer, newest first; none where the browser keeps nothing. @returns {Promise<Kept[]>} */
export async function keptAnswers() {
  return (await inStore(ANSWERS, "readonly", (store) => store.getAll()).catch(() => [])).reverse();
}

/** @param {Kept} answer */
export async function keepAnswer(answer) {
  await inStore(ANSWERS, "readwrite", (store) => store.add(answer));
  const keys = await inStore(ANSWERS, "readonly", (store) => store.getAllKeys());
  const oldest = keys.at(-MOST - 1);
  if (oldest !== undefined)
    await inStore(ANSWERS, "readwrite", (store) => store.delete(IDBKeyRange.upperBound(oldest)));
}

export async function forgetAnswers() {
  await inStore(ANSWERS, "readwrite", (store) => store.clear());
}
