import type { Draft, DraftStore } from "./outbox";

const STORE = "drafts";

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Drafts in IndexedDB, one record each, so that a long outbox is not rewritten for every message. */
export class IndexedDrafts implements DraftStore {
  readonly #database: Promise<IDBDatabase>;

  constructor(name: string) {
    const opening = indexedDB.open(name, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "client_id" });
    this.#database = settled(opening);
  }

  async load(): Promise<Draft[]> {
    const drafts = await settled((await this.#store("readonly")).getAll() as IDBRequest<Draft[]>);
    return drafts.sort((a, b) => a.created_at.localeCompare(b.created_at));
  }

  async save(draft: Draft): Promise<void> {
    await settled((await this.#store("readwrite")).put(draft));
  }

  async forget(client_id: string): Promise<void> {
    await settled((await this.#store("readwrite")).delete(client_id));
  }

  async #store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
    return (await this.#database).transaction(STORE, mode).objectStore(STORE);
  }
}
