import type { Problem } from "./types";

const TIMEOUT_MS = 20_000;

/** What the server refused, or why it could not be reached (`status` 0, code `unreachable`). */
export class ApiError extends Error {
  declare readonly problem: Problem;
  declare readonly status: number;
  declare readonly code: string;
  declare readonly temporary: boolean;

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    Object.assign(this, problem, { problem });
  }
}

/** Where the API finds who asks. */
export interface TokenSource {
  /** A token that should still be valid. */
  get(): Promise<string>;
  /** A newer token than `stale`. Throws ApiError 401 when the session is over. */
  renew(stale: string): Promise<string>;
}

export interface CallOptions {
  /** Sent as JSON, or as it is when it is a FormData or a Blob. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  timeout_ms?: number;
}

/** An error of this status, with what the server said of it. */
export function failure(status: number, code = `http_${status}`, found?: Partial<Problem> | null): ApiError {
  return new ApiError({ title: code, status, detail: "", code, temporary: !status || status >= 500 || status === 429, ...found });
}

const unreachable = () => failure(0, "unreachable");

/** One call without credentials. Throws ApiError; nothing is retried. */
export async function call<T>(method: string, url: string, options: CallOptions = {}): Promise<T> {
  const { body, headers, signal, timeout_ms = TIMEOUT_MS } = options;
  const raw = body instanceof FormData || body instanceof Blob;
  const limit = AbortSignal.timeout(timeout_ms);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { ...(body !== undefined && !raw ? { "Content-Type": "application/json" } : {}), ...headers },
      body: body === undefined ? null : raw ? body : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
      // Tokens travel in headers only, so no page of another origin can act with a visitor's cookies.
      credentials: "omit",
    });
  } catch {
    throw unreachable();
  }
  if (!response.ok) throw failure(response.status, undefined, await response.json().catch(() => null));
  if (response.status === 204) return undefined as T;
  // The head of an answer can arrive and its body not, when the server dies in between.
  return (await response.json().catch(() => Promise.reject(unreachable()))) as T;
}

/** The REST side, with the access token in the header and one renewal when the server says that it is too old. */
export class Api {
  readonly #tokens: TokenSource;

  constructor(
    readonly origin: string,
    tokens: TokenSource,
  ) {
    this.#tokens = tokens;
  }

  async request<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const token = await this.#tokens.get();
    try {
      return await this.#once<T>(method, path, options, token);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      return this.#once<T>(method, path, options, await this.#tokens.renew(token));
    }
  }

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.request<T>("GET", path, signal ? { signal } : {});
  }

  post<T>(path: string, body: unknown = {}, headers?: Record<string, string>): Promise<T> {
    return this.request<T>("POST", path, headers ? { body, headers } : { body });
  }

  #once<T>(method: string, path: string, options: CallOptions, token: string): Promise<T> {
    const headers = { ...options.headers, Authorization: `Bearer ${token}` };
    return call<T>(method, this.origin + path, { ...options, headers });
  }
}
