import { Api, ApiError, type TokenSource } from "./api";
import { Backoff } from "./backoff";
import type { ConversationLog } from "./log";
import type { Draft, DraftStore } from "./outbox";
import { Sync, type Effect } from "./sync";
import type { Ending, Transport } from "./link";
import type { ClientFrame, Conversation, Message, MessageBody, ServerFrame, User } from "./types";

export type Status = "connecting" | "online" | "offline" | "stopped";

export interface ClientEvents {
  /** The connection's state; `stopped` comes with the status code that ended it for good. */
  status: [status: Status, code: number];
  /** Something in this conversation's log or drafts is different now. */
  changed: [conversation: string];
  /** Every frame, after it was applied. */
  frame: [frame: ServerFrame];
}

interface History {
  messages: Message[];
  floor_seq: number;
  head_seq: number;
}

/** Failed attempts before the next transport is tried: of one that never worked on this page, and of one that did. */
const PATIENCE = 2;
const PATIENCE_PROVEN = 6;
const TYPING_EVERY_MS = 3000;
/** The server takes 64 KiB and 64 frames at once; a UTF-16 unit becomes three bytes at most. */
const BATCH_CHARS = 20_000;
const BATCH_FRAMES = 50;

function batches(frames: readonly ClientFrame[]): ClientFrame[][] {
  const made: ClientFrame[][] = [];
  let room = 0;
  for (const frame of frames) {
    const chars = JSON.stringify(frame).length + 1;
    if (!made.length || chars > room || made.at(-1)!.length >= BATCH_FRAMES) {
      made.push([]);
      room = BATCH_CHARS;
    }
    made.at(-1)!.push(frame);
    room -= chars;
  }
  return made;
}

/**
 * A live connection with everything that is shown from it.
 *
 * `send` never loses a message: it is stored first and sent until the server has acknowledged it. `open` gives a log
 * that stays current until the client is stopped.
 */
export class Client {
  readonly api: Api;
  readonly sync = new Sync();
  status: Status = "connecting";
  readonly #device = crypto.randomUUID();
  readonly #backoff = new Backoff();
  readonly #listeners: { [K in keyof ClientEvents]: Set<(...values: ClientEvents[K]) => void> } = {
    status: new Set(),
    changed: new Set(),
    frame: new Set(),
  };
  readonly #later = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #typed = new Map<string, number>();
  readonly #read_to = new Map<string, number>();
  readonly #stopping = new AbortController();
  #transmit: ((frames: ClientFrame[]) => void) | null = null;
  #queue: ClientFrame[] = [];
  #wake: (() => void) | null = null;

  readonly #tokens: TokenSource;
  readonly #store: DraftStore;
  readonly #transports: readonly Transport[];

  constructor(
    origin: string,
    tokens: TokenSource,
    store: DraftStore,
    me: User | null,
    /** Tried in turn; usually `socket`, `events` and `poll`. */
    transports: readonly Transport[],
  ) {
    this.#tokens = tokens;
    this.#store = store;
    this.#transports = transports;
    this.api = new Api(origin, tokens);
    this.sync.me = me;
  }

  on<K extends keyof ClientEvents>(name: K, listener: (...values: ClientEvents[K]) => void): () => void {
    this.#listeners[name].add(listener);
    return () => this.#listeners[name].delete(listener);
  }

  async start(): Promise<void> {
    for (const draft of await this.#store.load().catch(() => [])) this.sync.outbox.add(draft);
    void this.#connect();
  }

  stop(): void {
    this.#stopping.abort();
    this.#wake?.();
    for (const timer of this.#later.values()) clearTimeout(timer);
  }

  /** Tries to connect now instead of waiting: the network came back or the page is looked at again. */
  nudge(): void {
    this.#wake?.();
  }

  log(conversation: string): ConversationLog | undefined {
    return this.sync.logs.get(conversation);
  }

  drafts(conversation: string): readonly Draft[] {
    return this.sync.outbox.of(conversation);
  }

  /** Loads a conversation with its newest messages; from then on its log is kept current. */
  async open(conversation: string): Promise<ConversationLog> {
    const path = `/v1/conversations/${conversation}`;
    // The head first: messages may be newer than it, and applying their events again changes nothing.
    const detail = await this.api.get<Conversation>(path);
    const history = await this.api.get<History>(`${path}/messages?limit=50`);
    this.#act(this.sync.open(detail, history.messages));
    const log = this.log(conversation)!;
    log.floor = Math.max(1, history.floor_seq);
    // What happened between the answers above and the subscription is in the log after the cursor.
    this.#act([{ do: "pull_later", conversation }]);
    return log;
  }

  /** Loads what came before the oldest message shown. */
  async older(conversation: string): Promise<void> {
    const log = this.log(conversation);
    const first = log?.messages[0]?.seq;
    if (!log || !first || first <= log.floor) return;
    const path = `/v1/conversations/${conversation}/messages?before_seq=${first}&limit=50`;
    const history = await this.api.get<History>(path);
    log.merge(history.messages);
    log.floor = history.messages.length ? Math.max(1, history.floor_seq) : first;
    this.#emit("changed", conversation);
  }

  /** Tells the listeners that the caller changed this log. */
  touch(conversation: string): void {
    this.#emit("changed", conversation);
  }

  send(conversation: string, body: MessageBody, reply_to: number | null = null, thread?: number): Draft {
    const draft: Draft = {
      client_id: crypto.randomUUID(),
      conversation,
      body,
      reply_to,
      ...(thread && { thread }),
      created_at: new Date().toISOString(),
      state: "waiting",
    };
    this.#typed.delete(conversation);
    this.#act(this.sync.submit(draft));
    return draft;
  }

  retry(client_id: string): void {
    this.#act(this.sync.retry(client_id));
  }

  discard(client_id: string): void {
    this.#act(this.sync.discard(client_id));
  }

  /** Says that somebody is writing, at most once in three seconds. */
  typing(conversation: string, on: boolean): void {
    const last = this.#typed.get(conversation) ?? 0;
    if (on ? Date.now() - last < TYPING_EVERY_MS : !last) return;
    this.#typed.set(conversation, on ? Date.now() : 0);
    this.#act([{ do: "send", frame: { op: "typing", conversation, on } }]);
  }

  /** Moves the read cursor forward; going back has no effect. */
  read(conversation: string, seq: number): void {
    const log = this.log(conversation);
    const known = Math.max(this.#read_to.get(conversation) ?? 0, log?.conversation.me?.read_seq ?? 0);
    if (seq <= known || !this.#transmit) return;
    this.#read_to.set(conversation, seq);
    this.#act([{ do: "send", frame: { op: "read", conversation, seq } }]);
  }

  #act(effects: readonly Effect[]): void {
    const changed = new Set<string>();
    for (const effect of effects) {
      if (effect.do === "changed") changed.add(effect.conversation);
      else this.#perform(effect);
    }
    for (const conversation of changed) this.#emit("changed", conversation);
  }

  #perform(effect: Exclude<Effect, { do: "changed" }>): void {
    switch (effect.do) {
      case "send":
        return this.#push(effect.frame);
      case "pull_later":
        return this.#after(`pull ${effect.conversation}`, 100 + Math.random() * 400, () =>
          this.#act(this.sync.pull(effect.conversation)),
        );
      case "resend_later":
        return this.#after("resend", effect.after_ms, () => this.#act(this.sync.resend()));
      case "save":
        // A full or forbidden store costs only the survival of a reload.
        this.#store.save(effect.draft).catch(() => undefined);
        return;
      case "forget":
        this.#store.forget(effect.client_id).catch(() => undefined);
        return;
      case "reload":
        this.open(effect.conversation).catch(() => this.#perform({ do: "pull_later", conversation: effect.conversation }));
        return;
      case "renew_token":
        this.#tokens.get().then((token) => this.#tokens.renew(token)).then(
          () => this.#act(this.sync.resend()),
          // A cut on the way: what waits is sent again later, and a token that is still too old is renewed then.
          () => this.#perform({ do: "resend_later", after_ms: this.#backoff.next() }),
        );
    }
  }

  /** Frames made in one turn of the event loop leave in one write. */
  #push(frame: ClientFrame): void {
    if (!this.#transmit) return;
    if (this.#queue.push(frame) > 1) return;
    queueMicrotask(() => {
      for (const batch of batches(this.#queue)) this.#transmit?.(batch);
      this.#queue = [];
    });
  }

  #after(name: string, delay_ms: number, then: () => void): void {
    if (this.#later.has(name)) return;
    this.#later.set(name, setTimeout(() => {
      this.#later.delete(name);
      then();
    }, delay_ms));
  }

  async #connect(): Promise<void> {
    let choice = 0;
    let failures = 0;
    let proven = -1;
    while (!this.#stopping.signal.aborted) {
      this.#become("connecting");
      const opened = await this.#session(this.#transports[choice]!);
      failures = opened.online ? 0 : failures + 1;
      if (opened.online) proven = choice;
      // Attempts that never came up: perhaps a proxy is in the way. Go on to the next transport, then around. One that
      // has worked here before is given up later, since a server that restarts looks the same.
      if (failures >= (proven === choice ? PATIENCE_PROVEN : PATIENCE)) {
        choice = (choice + 1) % this.#transports.length;
        failures = 0;
      }
      if (await this.#over(opened.ending)) return;
      this.#become("offline", opened.ending.code);
      await this.#pause(opened.ending.retry_ms ?? this.#backoff.next());
    }
    this.#become("stopped");
  }

  async #session(transport: Transport): Promise<{ ending: Ending; online: boolean }> {
    let online = false;
    const link = {
      api: this.api,
      tokens: this.#tokens,
      device: this.#device,
      signal: this.#stopping.signal,
      opened: (send: (frames: ClientFrame[]) => void) => {
        online = true;
        this.#transmit = send;
      },
      receive: (frames: ServerFrame[]) => this.#receive(frames),
    };
    const ending = await transport(link).catch((error: unknown): Ending => {
      if (error instanceof ApiError) return { code: error.status };
      // Whatever breaks inside one connection, the next one is tried: a page that stays silent for ever is worse.
      reportError(error);
      return { code: 0 };
    });
    this.#transmit = null;
    this.#queue = [];
    this.#read_to.clear();
    this.sync.lost();
    return { ending, online };
  }

  #receive(frames: ServerFrame[]): void {
    const effects: Effect[] = [];
    for (const frame of frames) {
      if (!["ready", "nack", "bye"].includes(frame.op)) this.#backoff.reset();
      effects.push(...this.sync.receive(frame));
      if (frame.op === "ready") this.#become("online");
    }
    this.#act(effects);
    for (const frame of frames) this.#emit("frame", frame);
  }

  /** Whether this ending is for good. A refused token is renewed once first. */
  async #over(ending: Ending): Promise<boolean> {
    if (ending.code === 401) {
      try {
        await this.#tokens.renew(await this.#tokens.get());
        return false;
      } catch (error) {
        if (!(error instanceof ApiError) || error.temporary) return false;
      }
    }
    if (![401, 403, 409].includes(ending.code)) return false;
    this.#become("stopped", ending.code);
    return true;
  }

  #pause(delay_ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delay_ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #become(status: Status, code = 0): void {
    if (status === this.status && status !== "offline") return;
    this.status = status;
    this.#emit("status", status, code);
  }

  #emit<K extends keyof ClientEvents>(name: K, ...values: ClientEvents[K]): void {
    for (const listener of this.#listeners[name]) listener(...values);
  }
}
