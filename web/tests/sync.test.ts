import { describe, expect, test } from "vitest";
import { Sync, type Draft, type Effect, type Held, type PageFrame } from "../src/core";
import { ann, bob, created, message, ready, TALK, talk } from "./people";

const frames = (effects: Effect[]) => effects.flatMap((each) => (each.do === "send" ? [each.frame] : []));
const kinds = (effects: Effect[]) => effects.map((each) => each.do);

function draft(client_id: string, fields: Partial<Draft> = {}): Draft {
  return { client_id, conversation: TALK, body: { text: client_id }, reply_to: null, created_at: "2026-11-23T23:30:00.000Z", state: "waiting", ...fields };
}

function online(rev = 0): Sync {
  const sync = new Sync();
  sync.me = ann;
  sync.open(talk({ rev }), []);
  sync.receive(ready(rev));
  return sync;
}

function page(after: number, revs: number[], head_rev: number, fields: Partial<PageFrame> = {}): PageFrame {
  return { op: "page", conversation: TALK, from_rev: after, events: revs.map((rev) => created(rev)), head_rev, floor_seq: 1, ...fields };
}

const held = (fields: Partial<Held>): Held => ({
  id: "h", conversation: TALK, conversation_title: null, conversation_kind: "support", sender: ann, client_id: "a", text: "a", reasons: [],
  score: 1, state: "waiting", created_at: "", decided_by: null, decided_at: null, seq: null, ...fields,
});

describe("connecting", () => {
  test("ready pulls every open conversation whose head is above the cursor", () => {
    const sync = new Sync();
    sync.open(talk({ rev: 3 }), []);
    expect(frames(sync.receive(ready(7)))).toMatchObject([{ op: "pull", conversation: TALK, after_rev: 3 }]);
  });

  test("ready pulls nothing that is current", () => {
    const sync = new Sync();
    sync.open(talk({ rev: 7 }), []);
    expect(frames(sync.receive(ready(7)))).toEqual([]);
  });

  test("a conversation beyond the first heads asks for itself", () => {
    const sync = new Sync();
    sync.open(talk({ rev: 7 }), []);
    expect(frames(sync.receive(ready(0, { heads: {}, more: true })))).toMatchObject([{ op: "pull", after_rev: 7 }]);
  });

  test("ready sends the whole outbox again, oldest first", () => {
    const sync = new Sync();
    for (const id of ["a", "b", "c"]) sync.submit(draft(id));
    expect(frames(sync.receive(ready(0))).map((frame) => frame.client_id)).toEqual(["a", "b", "c"]);
    sync.lost();
    expect(frames(sync.receive(ready(0))).map((frame) => frame.client_id)).toEqual(["a", "b", "c"]);
  });

  test("a lost connection frees the pull that was under way", () => {
    const sync = online();
    expect(frames(sync.pull(TALK))).toHaveLength(1);
    expect(frames(sync.pull(TALK))).toHaveLength(0);
    sync.lost();
    expect(frames(sync.receive(ready(4)))).toHaveLength(1);
  });
});

describe("gaps", () => {
  test("a gap is pulled a little later, from the cursor", () => {
    const sync = online();
    expect(kinds(sync.receive(created(5)))).toEqual(["pull_later"]);
    expect(frames(sync.pull(TALK))).toMatchObject([{ op: "pull", after_rev: 0 }]);
  });

  test("pages are asked for until the head is reached", () => {
    const sync = online();
    sync.pull(TALK);
    expect(frames(sync.receive(page(0, [1, 2], 4)))).toMatchObject([{ op: "pull", after_rev: 2 }]);
    expect(frames(sync.receive(page(2, [3, 4], 4)))).toEqual([]);
    expect(sync.logs.get(TALK)!.messages).toHaveLength(4);
  });

  test("a page that does not move the cursor leads to a fresh start and not to an endless loop", () => {
    const sync = online();
    sync.pull(TALK);
    expect(kinds(sync.receive(page(0, [], 4)))).toContain("reload");
  });

  test("history is skipped when the server sends a snapshot", () => {
    const sync = online();
    sync.pull(TALK);
    expect(kinds(sync.receive(page(0, [], 900, { snapshot: {}, floor_seq: 400 })))).toEqual(["reload"]);
    expect(sync.logs.get(TALK)!.floor).toBe(400);
  });

  test("a cursor that is too old leads to a fresh start", () => {
    const sync = online();
    const [pull] = frames(sync.pull(TALK));
    const refused = { op: "nack", ref: pull!.ref!, code: 410, error: "cursor_too_old", detail: "", temporary: false } as const;
    expect(sync.receive(refused)).toEqual([{ do: "reload", conversation: TALK }]);
  });

  test("the beacon pulls only what is behind", () => {
    const sync = online(5);
    expect(sync.receive({ op: "heads", heads: { [TALK]: 5, "99": 3 } })).toEqual([]);
    expect(sync.receive({ op: "heads", heads: { [TALK]: 6 } })).toEqual([{ do: "pull_later", conversation: TALK }]);
  });
});

describe("the outbox", () => {
  test("a draft is stored before it is sent", () => {
    expect(kinds(online().submit(draft("a")))).toEqual(["save", "changed", "send"]);
  });

  test("a draft written without a connection is only stored", () => {
    const sync = new Sync();
    expect(kinds(sync.submit(draft("a")))).toEqual(["save", "changed"]);
  });

  test("one's own message in the log ends its draft", () => {
    const sync = online();
    sync.submit(draft("a"));
    expect(kinds(sync.receive(created(1, message(1, "a", { client_id: "a" }))))).toContain("forget");
    expect(sync.outbox.of(TALK)).toEqual([]);
  });

  test("somebody else's message with the same client id does not end the draft", () => {
    const sync = online();
    sync.submit(draft("a"));
    sync.receive(created(1, message(1, "a", { client_id: "a", sender: bob.id })));
    expect(sync.outbox.of(TALK)).toHaveLength(1);
  });

  test("an acknowledged draft stays on screen until its event comes, and is not sent again", () => {
    const sync = online();
    sync.submit(draft("a"));
    sync.receive({ op: "ack", client_id: "a", conversation: TALK, seq: 1, rev: 1, ts: "" });
    expect(sync.outbox.of(TALK)).toMatchObject([{ state: "sent" }]);
    sync.lost();
    expect(frames(sync.receive(ready(1)))).toMatchObject([{ op: "pull" }]);
  });

  test("an acknowledgement whose event was lost leads to a pull", () => {
    const sync = online();
    sync.submit(draft("a"));
    expect(kinds(sync.receive({ op: "ack", client_id: "a", conversation: TALK, seq: 1, rev: 1, ts: "" }))).toContain("pull_later");
  });

  test("a held draft is shown as held and asks again after a reconnect", () => {
    const sync = online();
    sync.submit(draft("a"));
    sync.receive({ op: "ack", client_id: "a", conversation: TALK, seq: null, rev: null, ts: "", held: "h" });
    expect(sync.outbox.of(TALK)).toMatchObject([{ state: "held" }]);
    sync.lost();
    expect(frames(sync.receive(ready(0))).map((frame) => frame.client_id)).toEqual(["a"]);
  });

  test("a blocked draft fails with that reason", () => {
    const sync = online();
    sync.submit(draft("a"));
    sync.receive({ op: "held", held: held({ state: "blocked" }) });
    expect(sync.outbox.of(TALK)).toMatchObject([{ state: "failed", error: { code: "blocked" } }]);
  });

  test("a refusal for good fails the draft, and trying again sends it again", () => {
    const sync = online();
    sync.submit(draft("a"));
    sync.receive({ op: "nack", client_id: "a", code: 422, error: "refused_by_policy", detail: "spam", temporary: false });
    expect(sync.outbox.of(TALK)).toMatchObject([{ state: "failed", error: { code: "refused_by_policy" } }]);
    expect(frames(sync.retry("a")).map((frame) => frame.client_id)).toEqual(["a"]);
  });

  test("a refusal for now sends the outbox again after the time that the server asks for", () => {
    const sync = online();
    sync.submit(draft("a"));
    const later = sync.receive({ op: "nack", client_id: "a", code: 429, error: "rate", detail: "", temporary: true, retry_ms: 700 });
    expect(later).toEqual([{ do: "resend_later", after_ms: 700 }]);
    expect(frames(sync.resend())).toHaveLength(1);
  });

  test("an old token is renewed", () => {
    const sync = online();
    sync.submit(draft("a"));
    expect(sync.receive({ op: "nack", client_id: "a", code: 401, error: "token_expired", detail: "", temporary: true })).toEqual([{ do: "renew_token" }]);
  });
});
