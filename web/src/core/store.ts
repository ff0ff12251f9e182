import type { Draft, DraftStore } from "./outbox";
import type { TextStore } from "./tokens";

/** A text store that lasts as long as the page. */
export class MemoryText extends Map<string, string> implements TextStore {
  getItem(key: string): string | null {
    return this.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.set(key, value);
  }

  removeItem(key: string): void {
    this.delete(key);
  }
}

/** `localStorage` where the browser grants it, else memory. */
export function textStore(): TextStore {
  try {
    localStorage.setItem("myna.probe", "1");
    localStorage.removeItem("myna.probe");
    return localStorage;
  } catch {
    return new MemoryText();
  }
}

/** Drafts as one JSON list under one key: right for the few messages of one person. */
export class TextDrafts implements DraftStore {
  readonly #store: TextStore;
  readonly #key: string;

  constructor(
    store: TextStore,
    key: string,
  ) {
    this.#store = store;
    this.#key = key;
  }

  async load(): Promise<Draft[]> {
    try {
      return JSON.parse(this.#store.getItem(this.#key) ?? "[]") as Draft[];
    } catch {
      return [];
    }
  }

  async save(draft: Draft): Promise<void> {
    const drafts = await this.load();
    const at = drafts.findIndex((each) => each.client_id === draft.client_id);
    drafts.splice(at < 0 ? drafts.length : at, at < 0 ? 0 : 1, draft);
    this.#store.setItem(this.#key, JSON.stringify(drafts));
  }

  async forget(client_id: string): Promise<void> {
    const drafts = (await this.load()).filter((each) => each.client_id !== client_id);
    this.#store.setItem(this.#key, JSON.stringify(drafts));
  }
}
