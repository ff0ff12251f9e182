import { ApiError } from "./api";
import type { Client } from "./client";
import type { ConversationLog } from "./log";
import type { Conversation, Message } from "./types";

/** A conversation as it was when this client last heard of it. */
export interface KeptLog {
  id: string;
  /** With the `rev` up to which events were applied. */
  conversation: Conversation;
  messages: Message[];
  floor: number;
  /** Milliseconds since 1970 by this machine's clock. */
  kept_at: number;
}

/** Where conversations and lists survive a reload. Losing any of it costs only a fetch. */
export interface LogStore {
  load(id: string): Promise<KeptLog | null>;
  save(kept: KeptLog): Promise<void>;
  drop(id: string): Promise<void>;
  /** A value that was kept under this name. */
  recall<T>(name: string): Promise<T | null>;
  keep(name: string, value: unknown): Promise<void>;
  /** Forgets all logs and values. */
  clear(): Promise<void>;
}

/** Newest messages kept of a conversation: more are a scroll and a fetch away. */
const MESSAGES = 200;
const SAVE_AFTER_MS = 400;
const EPOCH = "epoch";

/**
 * Keeps what a client knows in a store, and shows it before the server has answered or while it cannot be reached.
 *
 * What is shown from the store is older, never other: its cursor says up to where, and the rest is pulled as after any
 * lost connection. When the log's epoch changes, everything kept is forgotten.
 */
export class Mirror {
  readonly #client: Client;
  readonly #store: LogStore;
  #epoch: string | null = null;
  readonly #saving = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(client: Client, store: LogStore) {
    this.#client = client;
    this.#store = store;
    client.on("changed", (id) => this.#save_soon(id));
    client.on("frame", (frame) => {
      if (frame.op === "ready") void this.#belong(String(frame.epoch));
    });
  }

  /** Must end before the client starts, or cursors of another log could meet this one. */
  async start(): Promise<void> {
    this.#epoch = this.#client.sync.epoch = await this.recall<string>(EPOCH);
  }

  /** As `Client.open`, but with what was kept shown at once, and given when the server cannot be reached. */
  async open(id: string): Promise<ConversationLog> {
    const kept = this.#client.log(id) ? null : await this.#store.load(id).catch(() => null);
    if (kept && !this.#client.log(id)) {
      this.#client.sync.open(kept.conversation, kept.messages);
      this.#client.log(id)!.floor = kept.floor;
      this.#client.touch(id);
    }
    try {
      return await this.#client.open(id);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const log = this.#client.log(id);
      if (error.temporary && log) return log;
      // It is no longer there, or no longer for this user: then not here either.
      if (error.status === 403 || error.status === 404) await this.#drop(id);
      throw error;
    }
  }

  /** A list or a figure that was shown last time. */
  recall<T>(name: string): Promise<T | null> {
    return this.#store.recall<T>(name).catch(() => null);
  }

  keep(name: string, value: unknown): void {
    this.#store.keep(name, value).catch(() => undefined);
  }

  async forget(): Promise<void> {
    for (const timer of this.#saving.values()) clearTimeout(timer);
    this.#saving.clear();
    await this.#store.clear().catch(() => undefined);
  }

  /** What was kept belongs to the log of this name, or is forgotten. */
  async #belong(epoch: string): Promise<void> {
    const renewed = this.#epoch !== null && this.#epoch !== epoch;
    this.#epoch = epoch;
    if (renewed) await this.forget();
    this.keep(EPOCH, epoch);
  }

  async #drop(id: string): Promise<void> {
    clearTimeout(this.#saving.get(id));
    this.#saving.delete(id);
    this.#client.sync.logs.delete(id);
    await this.#store.drop(id).catch(() => undefined);
  }

  #save_soon(id: string): void {
    if (this.#saving.has(id)) return;
    this.#saving.set(id, setTimeout(() => {
      this.#saving.delete(id);
      const log = this.#client.log(id);
      if (!log) return;
      const messages = log.messages.slice(-MESSAGES);
      const floor = messages.length < log.messages.length ? Math.min(log.floor, messages[0]!.seq - 1) : log.floor;
      const conversation = { ...log.conversation, rev: log.cursor };
      // A full or forbidden store costs only the first paint of the next visit.
      this.#store.save({ id, conversation, messages, floor, kept_at: Date.now() }).catch(() => undefined);
    }, SAVE_AFTER_MS));
  }
}
