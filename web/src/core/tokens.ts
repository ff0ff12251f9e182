import { ApiError, call, failure, type TokenSource } from "./api";
import type { Session } from "./types";

/** What `localStorage` offers; #windows may throw, so callers pass a memory map then. */
export interface TextStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

interface Kept {
  session: Session;
  /** Milliseconds since 1970 by this machine's clock. */
  expires_at: number;
}

/**
 * A session kept in a text store and shared by the tabs of one origin.
 *
 * Refresh tokens rotate, and showing an old one ends the whole session; so renewals take turns under a lock and first
 * look whether another tab has renewed already.
 */
export class StoredSession implements TokenSource {
  #renewing: Promise<string> | null = null;

  readonly #origin: string;
  readonly #store: TextStore;
  readonly #key: string;
  readonly #begin: (() => Promise<Session>) | undefined;

  constructor(
    origin: string,
    store: TextStore,
    key: string,
    /** Starts a new session when there is none or it is over; without it, ApiError 401 goes to the caller. */
    begin?: () => Promise<Session>,
  ) {
    this.#origin = origin;
    this.#store = store;
    this.#key = key;
    this.#begin = begin;
  }

  get session(): Session | null {
    return this.#kept?.session ?? null;
  }

  keep(session: Session): Session {
    const expires_at = Date.now() + session.expires_in * 1000;
    this.#store.setItem(this.#key, JSON.stringify({ session, expires_at }));
    return session;
  }

  drop(): void {
    this.#store.removeItem(this.#key);
  }

  async get(): Promise<string> {
    const kept = this.#kept;
    if (kept && kept.expires_at > Date.now() + 10_000) return kept.session.access_token;
    return this.renew(kept?.session.access_token ?? "");
  }

  renew(stale: string): Promise<string> {
    this.#renewing ??= this.#alone(() => this.#replace(stale)).finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #replace(stale: string): Promise<string> {
    const kept = this.#kept;
    if (kept && kept.session.access_token !== stale) return kept.session.access_token;
    try {
      if (!kept) throw failure(401, "signed_out");
      const { refresh_token } = kept.session;
      const renewed = await call<Session>("POST", `${this.#origin}/v1/auth/refresh`, { body: { refresh_token } });
      return this.keep({ ...kept.session, ...renewed }).access_token;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      this.drop();
      if (!this.#begin) throw error;
      return this.keep(await this.#begin()).access_token;
    }
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const locks = globalThis.navigator?.locks;
    return locks ? (locks.request(`${this.#key}.renew`, work) as Promise<T>) : work();
  }

  get #kept(): Kept | null {
    try {
      return JSON.parse(this.#store.getItem(this.#key) ?? "null") as Kept | null;
    } catch {
      return null;
    }
  }
}
