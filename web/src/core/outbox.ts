import type { AckFrame, Held, MessageBody, NackFrame } from "./types";

/** A message that the log does not show yet. */
export interface Draft {
  client_id: string;
  conversation: string;
  body: MessageBody;
  reply_to: number | null;
  /** The message in whose thread it goes. */
  thread?: number;
  created_at: string;
  /** waiting: not acknowledged; sent: committed, its event is on the way; held: a moderator looks at it. */
  state: "waiting" | "sent" | "held" | "failed";
  /** Why it failed, as the server said it. */
  error?: { code: string; detail: string; temporary: boolean };
  /** Its id among the messages that moderators see, to appeal with. */
  held?: string | undefined;
}

/** Where drafts survive a reload. */
export interface DraftStore {
  load(): Promise<Draft[]>;
  save(draft: Draft): Promise<void>;
  forget(client_id: string): Promise<void>;
}

/** Drafts in the order in which they were written. Resending them is harmless: the server knows each `client_id`. */
export class Outbox {
  #drafts: Draft[] = [];

  of(conversation: string): readonly Draft[] {
    return this.#drafts.filter((draft) => draft.conversation === conversation);
  }

  get(client_id: string): Draft | undefined {
    return this.#drafts.find((draft) => draft.client_id === client_id);
  }

  add(draft: Draft): void {
    if (!this.get(draft.client_id)) this.#drafts.push(draft);
  }

  remove(client_id: string): Draft | undefined {
    const draft = this.get(client_id);
    this.#drafts = this.#drafts.filter((each) => each !== draft);
    return draft;
  }

  /** What must be sent (again) after a reconnect, oldest first. Held drafts ask for the moderator's decision. */
  unsettled(): readonly Draft[] {
    return this.#drafts.filter((draft) => draft.state === "waiting" || draft.state === "held");
  }

  /** Acknowledgements of another log are worth nothing. */
  unsettle(): void {
    this.#drafts = this.#drafts.map((draft) => (draft.state === "sent" ? { ...draft, state: "waiting" } : draft));
  }

  ack(frame: AckFrame): Draft | undefined {
    const held = frame.held ?? undefined;
    return this.#change(frame.client_id, { state: frame.seq === null && held ? "held" : "sent", held });
  }

  /** A temporary refusal leaves the draft waiting; a permanent one needs the writer. */
  nack(frame: NackFrame): Draft | undefined {
    if (!frame.client_id || frame.temporary) return undefined;
    const { error: code, detail, temporary, extra } = frame;
    return this.#change(frame.client_id, { state: "failed", error: { code, detail, temporary }, held: extra?.held });
  }

  decided(held: Held): Draft | undefined {
    const draft = this.get(held.client_id);
    if (!draft || draft.conversation !== held.conversation || held.state === "waiting") return undefined;
    const error = { code: "blocked", detail: held.appeal?.answer ?? "", temporary: false };
    // One may appeal once.
    return this.#change(held.client_id, held.state === "allowed" ? { state: "sent" } : { state: "failed", error, held: held.appeal ? undefined : held.id });
  }

  retry(client_id: string): Draft | undefined {
    return this.#change(client_id, { state: "waiting", error: undefined });
  }

  #change(client_id: string, fields: Partial<Draft>): Draft | undefined {
    const index = this.#drafts.findIndex((draft) => draft.client_id === client_id);
    if (index < 0) return undefined;
    const changed = { ...this.#drafts[index]!, ...fields };
    this.#drafts[index] = changed;
    return changed;
  }
}
