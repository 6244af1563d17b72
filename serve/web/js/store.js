/** @module The answers that this browser keeps, with the images that were given: they survive a reload, and leave it nowhere. */

const NAME = "histo-answers";
const STORE = "answers";
/** The oldest are dropped. */
const MOST = 50;

/**
 * @typedef {{id?: number, at: string, name: string, blob?: Blob, entry?: any, drawn?: boolean, thumbnail?: string, where: string, answer: any,
 * roundTripMs: number}} Kept
 */

/** @type {Promise<IDBDatabase> | undefined} */
let opened;

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/**
 * @template T
 * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} ask @returns {Promise<T>}
 */
async function inStore(mode, ask) {
  const store = (await database()).transaction(STORE, mode).objectStore(STORE);
  return new Promise((resolve, reject) => {
    const request = ask(store);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Every kept answer, newest first; none where the browser keeps nothing. @returns {Promise<Kept[]>} */
export async function keptAnswers() {
  return (await inStore("readonly", (store) => store.getAll()).catch(() => [])).reverse();
}

/** @param {Kept} answer */
export async function keepAnswer(answer) {
  await inStore("readwrite", (store) => store.add(answer));
  const keys = await inStore("readonly", (store) => store.getAllKeys());
  const oldest = keys.at(-MOST - 1);
  if (oldest !== undefined) await inStore("readwrite", (store) => store.delete(IDBKeyRange.upperBound(oldest)));
}

export async function forgetAnswers() {
  await inStore("readwrite", (store) => store.clear());
}
