import type { Conversation, EventFrame, Message, ReadyFrame, User } from "../src/core";

export const ann: User = { id: "1", kind: "visitor", handle: null, name: "Ann", locale: "en", agent: false };
export const bob: User = { id: "2", kind: "human", handle: "bob", name: "Bob", locale: "en", agent: false };
export const kes: User = { id: "3", kind: "bot", handle: "kes", name: "Kes", locale: "en", agent: true };

export const TALK = "77";

export function talk(fields: Partial<Conversation> = {}): Conversation {
  return {
    id: TALK, kind: "support", title: null, seq: 0, rev: 0, created_at: "2026-11-23T23:30:00.000Z", changed_at: "2026-11-23T23:30:00.000Z",
    members: [ann, kes].map((user) => ({ user, role: "member" as const, read_seq: 0, from_seq: 1 })),
    ticket: null, inbox: null, me: { role: "guest", read_seq: 0, from_seq: 1, unread: 0 }, last_message: null, ...fields,
  };
}

export function message(seq: number, text = `m${seq}`, fields: Partial<Message> = {}): Message {
  return {
    conversation: TALK, seq, sender: ann.id, client_id: `c${seq}`, kind: "text", state: "sent", body: { text }, reply_to: null,
    created_at: "2026-11-23T23:30:00.000Z", ...fields,
  };
}

export function created(rev: number, made: Message = message(rev)): EventFrame {
  return { op: "event", conversation: TALK, rev, pos: 1000 + rev, kind: "message.created", seq: made.seq, data: made };
}

export function finished(rev: number, made: Message): EventFrame {
  return { ...created(rev, made), kind: "message.finished" };
}

export function ready(rev: number, fields: Partial<ReadyFrame> = {}): ReadyFrame {
  return { op: "ready", session: "s", epoch: 1, pos: 0, heartbeat_s: 25, user: ann, heads: { [TALK]: [rev, rev, 0, 1] }, ...fields };
}

/** A small repeatable generator of numbers in [0, 1) (mulberry32). */
export function dice(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
