import { ConversationLog } from "./log";
import { Outbox, type Draft } from "./outbox";
import type {
  ClientFrame, Conversation, EventFrame, Message, NackFrame, PageFrame, ReadyFrame, ServerFrame, User,
} from "./types";

/** What the shell around the state machine must do. */
export type Effect =
  | { do: "send"; frame: ClientFrame }
  | { do: "pull_later"; conversation: string }
  | { do: "resend_later"; after_ms: number }
  | { do: "save"; draft: Draft }
  | { do: "forget"; client_id: string }
  | { do: "changed"; conversation: string }
  | { do: "reload"; conversation: string }
  | { do: "renew_token" };

const PAGE = 200;

/**
 * The client's side of `myna.v1` without sockets, timers or storage: frames go in, effects come out.
 *
 * Rules (protocol.md): an event is applied iff its rev follows the cursor; a higher one waits and the gap is pulled; on
 * `ready` every head above the cursor is pulled and the whole outbox is sent again in order; history is skipped only
 * when the server says so.
 */
export class Sync {
  readonly logs = new Map<string, ConversationLog>();
  readonly outbox = new Outbox();
  me: User | null = null;
  pos = 0;
  /** Names the log that the cursors belong to; null until the first connection. */
  epoch: string | null = null;
  limits: Record<string, number> = {};
  #online = false;
  #refs = 0;
  /** Pulls under way: ref -> conversation. */
  readonly #pulls = new Map<string, string>();

  open(conversation: Conversation, messages: readonly Message[]): Effect[] {
    const known = this.logs.get(conversation.id);
    const log = known ?? new ConversationLog(conversation);
    if (known) known.restart(conversation, messages);
    else log.merge(messages);
    this.logs.set(conversation.id, log);
    return [...messages.flatMap((message) => this.#seen(message)), { do: "changed", conversation: conversation.id }];
  }

  submit(draft: Draft): Effect[] {
    this.outbox.add(draft);
    return [{ do: "save", draft }, { do: "changed", conversation: draft.conversation }, ...this.#sending([draft])];
  }

  retry(client_id: string): Effect[] {
    const draft = this.outbox.retry(client_id);
    if (!draft) return [];
    return [{ do: "save", draft }, { do: "changed", conversation: draft.conversation }, ...this.#sending([draft])];
  }

  discard(client_id: string): Effect[] {
    const draft = this.outbox.remove(client_id);
    return draft ? [{ do: "forget", client_id }, { do: "changed", conversation: draft.conversation }] : [];
  }

  /** The whole outbox, in order. */
  resend(): Effect[] {
    return this.#sending(this.outbox.unsettled());
  }

  /** A delayed pull is due. At most one pull per conversation is under way. */
  pull(conversation: string): Effect[] {
    const log = this.logs.get(conversation);
    if (!log || log.pulling || !this.#online) return [];
    log.pulling = true;
    const ref = this.#ref();
    this.#pulls.set(ref, conversation);
    return [{ do: "send", frame: { op: "pull", ref, conversation, after_rev: log.cursor, limit: PAGE } }];
  }

  lost(): void {
    this.#online = false;
    this.#pulls.clear();
    for (const log of this.logs.values()) log.pulling = false;
  }

  receive(frame: ServerFrame): Effect[] {
    switch (frame.op) {
      case "ready":
        return this.#ready(frame);
      case "event":
        return this.#event(frame);
      case "page":
        return this.#page(frame);
      case "heads":
        return Object.entries(frame.heads).flatMap(([id, rev]) => this.#head(id, rev));
      case "ack": {
        const draft = this.outbox.ack(frame);
        if (!draft) return [];
        if (draft.state === "held") return [{ do: "save", draft }, { do: "changed", conversation: draft.conversation }];
        const shown = this.logs.has(frame.conversation);
        if (!shown) this.outbox.remove(frame.client_id);
        return [
          { do: "forget", client_id: frame.client_id },
          { do: "changed", conversation: frame.conversation },
          ...this.#head(frame.conversation, frame.rev ?? 0),
        ];
      }
      case "nack":
        return this.#nack(frame);
      case "held": {
        const draft = this.outbox.decided(frame.held);
        return draft ? [{ do: "save", draft }, { do: "changed", conversation: draft.conversation }] : [];
      }
      case "delta":
        return this.#streamed(frame.conversation, (log) => log.delta(frame.seq, frame.offset, frame.text));
      case "stream_snapshot":
        return this.#streamed(frame.conversation, (log) => log.snapshot(frame.seq, frame.text));
      default:
        return [];
    }
  }

  #ready(frame: ReadyFrame): Effect[] {
    this.#online = true;
    this.me = frame.user ?? this.me;
    this.pos = frame.pos;
    this.limits = frame.limits ?? this.limits;
    const epoch = String(frame.epoch);
    const renewed = this.epoch !== null && epoch !== this.epoch;
    this.epoch = epoch;
    if (renewed) return [...this.#anew(), ...this.resend()];
    const effects: Effect[] = [];
    for (const [id, log] of this.logs) {
      const head = frame.heads[id];
      // Only the first 200 heads come with `ready`; a log whose head is not among them asks for itself.
      if (head ? head[0] > log.cursor : frame.more) effects.push(...this.pull(id));
    }
    return [...effects, ...this.resend()];
  }

  /** Another log, restored from a backup perhaps: no cursor means anything in it, and what it acknowledged may be gone. */
  #anew(): Effect[] {
    this.outbox.unsettle();
    return [...this.logs].flatMap(([conversation, log]): Effect[] => {
      log.restart({ ...log.conversation, rev: 0 }, []);
      return [{ do: "changed", conversation }, { do: "reload", conversation }];
    });
  }

  #event(frame: EventFrame): Effect[] {
    this.pos = Math.max(this.pos, frame.pos);
    const log = this.logs.get(frame.conversation);
    const seen = frame.kind.startsWith("message.") ? this.#seen(frame.data as Message) : [];
    const applied = log?.apply(frame) ?? "old";
    return applied === "old" ? seen : [...seen, { do: applied === "gap" ? "pull_later" : "changed", conversation: frame.conversation }];
  }

  #page(frame: PageFrame): Effect[] {
    this.#pulls.delete(frame.ref ?? "");
    const log = this.logs.get(frame.conversation);
    if (!log) return [];
    log.pulling = false;
    log.floor = Math.max(log.floor, frame.floor_seq);
    if (frame.snapshot) return [{ do: "reload", conversation: frame.conversation }];
    const before = log.cursor;
    const effects = frame.events.flatMap((event) => this.#event(event));
    // A page that does not reach the head must move the cursor, or the same pull would go on for ever.
    if (log.cursor < frame.head_rev) {
      effects.push(...(log.cursor > before ? this.pull(frame.conversation) : []));
      if (log.cursor === before) effects.push({ do: "reload", conversation: frame.conversation });
    }
    return effects;
  }

  #nack(frame: NackFrame): Effect[] {
    const pulled = this.#pulls.get(frame.ref ?? "");
    if (pulled) {
      this.#pulls.delete(frame.ref!);
      this.logs.get(pulled)!.pulling = false;
      if (frame.code === 410) return [{ do: "reload", conversation: pulled }];
      return frame.temporary ? [{ do: "pull_later", conversation: pulled }] : [];
    }
    if (frame.code === 401) return [{ do: "renew_token" }];
    if (frame.temporary) return frame.client_id ? [{ do: "resend_later", after_ms: frame.retry_ms ?? 2000 }] : [];
    const draft = this.outbox.nack(frame);
    return draft ? [{ do: "save", draft }, { do: "changed", conversation: draft.conversation }] : [];
  }

  #head(conversation: string, rev: number): Effect[] {
    const log = this.logs.get(conversation);
    return log && rev > log.cursor ? [{ do: "pull_later", conversation }] : [];
  }

  #streamed(conversation: string, change: (log: ConversationLog) => boolean): Effect[] {
    const log = this.logs.get(conversation);
    return log && change(log) ? [{ do: "changed", conversation }] : [];
  }

  /** One's own message in the log is the end of its draft. */
  #seen(message: Message): Effect[] {
    const draft = this.outbox.get(message.client_id);
    if (!draft || draft.conversation !== message.conversation || message.sender !== this.me?.id) return [];
    this.outbox.remove(message.client_id);
    return [{ do: "forget", client_id: message.client_id }];
  }

  /** Of the clock only a difference is told, so it may be wrong; one that was set back says that nothing has waited. */
  #sending(drafts: readonly Draft[]): Effect[] {
    if (!this.#online) return [];
    return drafts.map(({ client_id, conversation, body, reply_to, thread, created_at }) => ({
      do: "send",
      frame: { op: "send", ref: this.#ref(), conversation, client_id, body, reply_to, thread, age_ms: Math.max(0, Date.now() - Date.parse(created_at)) },
    }));
  }

  #ref(): string {
    return `r${++this.#refs}`;
  }
}
