import { codePoints, slicePoints } from "./points";
import type { Conversation, EventFrame, Member, Message, Ticket, User } from "./types";

const CONTINUES_MS = 180_000;

interface Stream {
  text: string;
  length: number;
}

export type Applied = "applied" | "old" | "gap";

/**
 * One conversation as this client knows it.
 *
 * `messages` ascends by seq. An event is applied only when its rev follows the cursor; later ones wait in `ahead` until
 * the gap is filled, so what is shown is always what the server's log says, in its order.
 */
export class ConversationLog {
  cursor: number;
  messages: Message[] = [];
  /** Lowest seq that could still be loaded. */
  floor: number;
  pulling = false;
  readonly #ahead = new Map<number, EventFrame>();
  readonly #streams = new Map<number, Stream>();

  constructor(public conversation: Conversation) {
    this.cursor = conversation.rev;
    this.floor = Math.max(1, conversation.me?.from_seq ?? 1);
  }

  /** Takes in fetched history; what is already known stays unless the fetched copy is newer. */
  merge(messages: readonly Message[]): void {
    for (const message of messages) this.#put(message);
  }

  /** Starts again from a fresh fetch, after the server said that history was skipped. */
  restart(conversation: Conversation, messages: readonly Message[]): void {
    this.conversation = conversation;
    this.cursor = conversation.rev;
    this.messages = [];
    this.#ahead.clear();
    this.merge(messages);
    this.#drain();
  }

  apply(event: EventFrame): Applied {
    if (event.rev <= this.cursor) return "old";
    if (event.rev > this.cursor + 1) {
      // Bounded: what falls out is pulled again together with the gap.
      if (this.#ahead.size < 500) this.#ahead.set(event.rev, event);
      return "gap";
    }
    this.#take(event);
    this.#drain();
    return this.#ahead.size ? "gap" : "applied";
  }

  /** Appends a piece of a streamed answer. Overlaps are cut; a piece beyond a hole is left for the next snapshot. */
  delta(seq: number, offset: number, text: string): boolean {
    const stream = this.#streams.get(seq) ?? { text: "", length: 0 };
    if (offset > stream.length || this.#settled(seq)) return false;
    const fresh = slicePoints(text, stream.length - offset);
    if (!fresh) return false;
    stream.text += fresh;
    stream.length += codePoints(fresh);
    this.#streams.set(seq, stream);
    return true;
  }

  /** Replaces the text of a stream so far; it may be shorter, when the server took something back. */
  snapshot(seq: number, text: string): boolean {
    if (this.#settled(seq) || this.#streams.get(seq)?.text === text) return false;
    this.#streams.set(seq, { text, length: codePoints(text) });
    return true;
  }

  /** What to show for a message: the stream so far while it is being written. */
  text(message: Message): string {
    return (message.state === "streaming" && this.#streams.get(message.seq)?.text) || message.body.text || "";
  }

  /** Whether this message goes on what its sender said just before: then it needs no second name above it. */
  continues(message: Message): boolean {
    const before = this.messages[this.messages.indexOf(message) - 1];
    if (!before || before.kind !== "text" || message.kind !== "text" || before.sender !== message.sender) return false;
    return Date.parse(message.created_at) - Date.parse(before.created_at) < CONTINUES_MS;
  }

  user(id: string): User | undefined {
    return this.conversation.members.find((member) => member.user.id === id)?.user;
  }

  #settled(seq: number): boolean {
    const message = this.#find(seq);
    return !!message && message.state !== "streaming";
  }

  #find(seq: number): Message | undefined {
    return this.messages.find((message) => message.seq === seq);
  }

  #drain(): void {
    for (const rev of this.#ahead.keys()) if (rev <= this.cursor) this.#ahead.delete(rev);
    let next: EventFrame | undefined;
    while ((next = this.#ahead.get(this.cursor + 1))) {
      this.#ahead.delete(next.rev);
      this.#take(next);
    }
  }

  #take(event: EventFrame): void {
    this.cursor = event.rev;
    const { kind, data } = event;
    if (kind.startsWith("message.")) {
      this.#put(data as Message);
    } else if (kind === "reaction.changed") {
      const { emoji, count } = data as { emoji: string; count: number };
      const message = this.#find(event.seq!);
      if (message) this.#put({ ...message, reactions: { ...message.reactions, [emoji]: count } });
    } else if (kind === "ticket.changed") {
      this.conversation = { ...this.conversation, ticket: data as Ticket };
    } else if (kind.startsWith("member.")) {
      // Who left is named by an id alone, and whose role changed by an object that holds nothing else.
      const { user } = data as Member;
      const id = user.id ?? user;
      const old = this.conversation.members.find((each) => each.user.id === id);
      const members = this.conversation.members.filter((each) => each !== old);
      if (kind !== "member.left") members.push({ ...old, ...(data as Member), user: old?.user ?? user });
      this.conversation = { ...this.conversation, members };
    } else if (kind.startsWith("conversation.")) {
      this.conversation = { ...this.conversation, ...(data as Partial<Conversation>) };
    }
  }

  #put(message: Message): void {
    // History fetched while an answer was being written must not undo the finished answer.
    if (message.state === "streaming" && this.#settled(message.seq)) return;
    if (message.state !== "streaming") this.#streams.delete(message.seq);
    let at = this.messages.length;
    while (at > 0 && this.messages[at - 1]!.seq > message.seq) at--;
    const same = at > 0 && this.messages[at - 1]!.seq === message.seq;
    this.messages.splice(same ? at - 1 : at, same ? 1 : 0, message);
  }
}
