// @ts-check
// What was made, kept in this browser (IndexedDB) so that it is still there after a reload.

const STORE = "sheets";
export const MAX_KEPT_BYTES = 200e6; // of all pictures

/** @type {Promise<IDBDatabase>} */
const database = new Promise((resolve, reject) => {
  const request = indexedDB.open("sutja", 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Run a request on the store. @template Result
 * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<Result>} ask @returns {Promise<Result>} */
async function stored(mode, ask) {
  const transaction = (await database).transaction(STORE, mode);
  const request = ask(transaction.objectStore(STORE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** Keep a sheet; returns whether the browser keeps it.
 * @param {KeptSheet} sheet */
export const keep = (sheet) => stored("readwrite", (store) => store.put(sheet)).then(() => true, () => false);

/** @param {number} id */
export const drop = (id) => stored("readwrite", (store) => store.delete(id)).catch(() => {});

/** The sheets that are kept, in the order in which they were added; none where the browser keeps nothing.
 * @returns {Promise<KeptSheet[]>} */
export const keptSheets = () => stored("readonly", (store) => store.getAll()).catch(() => []);
