import type { KeptLog, LogStore } from "./mirror";
import type { Draft, DraftStore } from "./outbox";

const DRAFTS = "drafts";
const LOGS = "logs";
const VALUES = "values";
/** Conversations kept; the ones touched longest ago go first. */
const MOST_LOGS = 300;

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function opened(name: string, make: (database: IDBDatabase) => void): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => make(opening.result);
  const found = settled(opening);
  // Whoever uses it hears of the failure; nobody may be using it yet.
  found.catch(() => undefined);
  return found;
}

/** Drafts in IndexedDB, one record each, so that a long outbox is not rewritten for every message. */
export class IndexedDrafts implements DraftStore {
  readonly #database: Promise<IDBDatabase>;

  constructor(name: string) {
    this.#database = opened(name, (database) => database.createObjectStore(DRAFTS, { keyPath: "client_id" }));
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
    return (await this.#database).transaction(DRAFTS, mode).objectStore(DRAFTS);
  }
}

/** Conversations and lists in IndexedDB, at most 300 conversations. */
export class IndexedLogs implements LogStore {
  readonly #database: Promise<IDBDatabase>;

  constructor(name: string) {
    this.#database = opened(name, (database) => {
      database.createObjectStore(LOGS, { keyPath: "id" }).createIndex("kept_at", "kept_at");
      database.createObjectStore(VALUES);
    });
  }

  async load(id: string): Promise<KeptLog | null> {
    return ((await settled((await this.#store(LOGS)).get(id))) as KeptLog | undefined) ?? null;
  }

  async save(kept: KeptLog): Promise<void> {
    const logs = await this.#store(LOGS, "readwrite");
    await settled(logs.put(kept));
    const old = (await settled(logs.count())) - MOST_LOGS;
    if (old <= 0) return;
    const keys = await settled(logs.index("kept_at").getAllKeys(null, old));
    await Promise.all(keys.map((key) => settled(logs.delete(key))));
  }

  async drop(id: string): Promise<void> {
    await settled((await this.#store(LOGS, "readwrite")).delete(id));
  }

  async recall<T>(name: string): Promise<T | null> {
    return ((await settled((await this.#store(VALUES)).get(name))) as T | undefined) ?? null;
  }

  async keep(name: string, value: unknown): Promise<void> {
    await settled((await this.#store(VALUES, "readwrite")).put(value, name));
  }

  async clear(): Promise<void> {
    const both = (await this.#database).transaction([LOGS, VALUES], "readwrite");
    await Promise.all([LOGS, VALUES].map((name) => settled(both.objectStore(name).clear())));
  }

  async #store(name: string, mode: IDBTransactionMode = "readonly"): Promise<IDBObjectStore> {
    return (await this.#database).transaction(name, mode).objectStore(name);
  }
}
