import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError, Client, MemoryText, Mirror, StoredSession, TextDrafts, type ClientFrame, type KeptLog, type Link, type LogStore, type ServerFrame } from "../src/core";
import { ann, created, message, ready, TALK, talk } from "./people";

/** What survives a reload. */
class Shelf implements LogStore {
  logs = new Map<string, KeptLog>();
  values = new Map<string, unknown>();
  async load(id: string) {
    return structuredClone(this.logs.get(id) ?? null);
  }
  async save(kept: KeptLog) {
    this.logs.set(kept.id, structuredClone(kept));
  }
  async drop(id: string) {
    this.logs.delete(id);
  }
  async recall<T>(name: string) {
    return (this.values.get(name) as T | undefined) ?? null;
  }
  async keep(name: string, value: unknown) {
    this.values.set(name, value);
  }
  async clear() {
    this.logs.clear();
    this.values.clear();
  }
}

interface Page {
  client: Client;
  mirror: Mirror;
  sent: ClientFrame[];
  say(...frames: ServerFrame[]): void;
}

/** A page of somebody whose store is `shelf`. */
async function visit(shelf: Shelf): Promise<Page> {
  const tokens = new StoredSession("https://chat.example", new MemoryText(), "s");
  tokens.keep({ access_token: "t1", refresh_token: "r1", expires_in: 900_000, user: ann });
  const sent: ClientFrame[] = [];
  let line: Link | undefined;
  const client = new Client("https://chat.example", tokens, new TextDrafts(new MemoryText(), "d"), ann, [(link) => {
    line = link;
    link.opened((frames) => sent.push(...frames));
    return new Promise(() => undefined);
  }]);
  const mirror = new Mirror(client, shelf);
  await mirror.start();
  await client.start();
  await vi.advanceTimersByTimeAsync(0);
  return { client, mirror, sent, say: (...frames) => line!.receive(frames) };
}

let server: { rev: number; seqs: number[]; status: number };

beforeEach(() => {
  vi.useFakeTimers();
  server = { rev: 0, seqs: [], status: 200 };
  vi.stubGlobal("fetch", async (url: string) => {
    if (!server.status) throw new TypeError("no network");
    const body = url.includes("/messages") ? { messages: server.seqs.map((seq) => message(seq)), floor_seq: 1, head_seq: server.rev } : talk({ rev: server.rev });
    return new Response(JSON.stringify(body), { status: server.status });
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const seqs = (page: Page) => page.client.log(TALK)!.messages.map((each) => each.seq);

async function read_and_leave(shelf: Shelf, upTo: number): Promise<void> {
  const page = await visit(shelf);
  await page.mirror.open(TALK);
  page.say(ready(0));
  for (let rev = 1; rev <= upTo; rev++) page.say(created(rev));
  await vi.advanceTimersByTimeAsync(1000);
  page.client.stop();
}

describe("a conversation that was read before", () => {
  test("is shown while the server cannot be reached", async () => {
    const shelf = new Shelf();
    await read_and_leave(shelf, 3);
    server.status = 0;
    const page = await visit(shelf);
    await page.mirror.open(TALK);
    expect(seqs(page)).toEqual([1, 2, 3]);
  });

  test("is shown before the server has answered", async () => {
    const shelf = new Shelf();
    await read_and_leave(shelf, 2);
    const page = await visit(shelf);
    const shown = new Promise<number[]>((resolve) => page.client.on("changed", () => resolve(seqs(page))));
    server = { rev: 3, seqs: [1, 2, 3], status: 200 };
    const opening = page.mirror.open(TALK);
    expect(await shown).toEqual([1, 2]);
    await opening;
    expect(seqs(page)).toEqual([1, 2, 3]);
  });

  test("is pulled from its own cursor once the connection stands", async () => {
    const shelf = new Shelf();
    await read_and_leave(shelf, 3);
    server.status = 0;
    const page = await visit(shelf);
    await page.mirror.open(TALK);
    page.say(ready(5));
    await vi.advanceTimersByTimeAsync(0);
    const pull = page.sent.find((frame) => frame.op === "pull")!;
    expect(pull).toMatchObject({ conversation: TALK, after_rev: 3 });
    page.say({ op: "page", ref: String(pull.ref), conversation: TALK, from_rev: 3, events: [created(4), created(5)], head_rev: 5, floor_seq: 1 });
    expect(seqs(page)).toEqual([1, 2, 3, 4, 5]);
  });

  test("is gone from here too when it is no longer for this user", async () => {
    const shelf = new Shelf();
    await read_and_leave(shelf, 3);
    server.status = 404;
    const page = await visit(shelf);
    await expect(page.mirror.open(TALK)).rejects.toBeInstanceOf(ApiError);
    expect(page.client.log(TALK)).toBeUndefined();
    expect(shelf.logs.size).toBe(0);
  });

  test("keeps its newest messages, and the way to older ones open", async () => {
    const shelf = new Shelf();
    await read_and_leave(shelf, 250);
    expect(shelf.logs.get(TALK)!.messages.map((each) => each.seq)).toEqual(Array.from({ length: 200 }, (_, at) => at + 51));
    expect(shelf.logs.get(TALK)!.floor).toBeLessThan(51);
  });
});

describe("a log that was restored from a backup", () => {
  test("is loaded anew, whatever cursors were reached in the one before", async () => {
    server = { rev: 2, seqs: [1, 2], status: 200 };
    const page = await visit(new Shelf());
    await page.mirror.open(TALK);
    page.say(ready(5, { epoch: "7" }), created(3), created(4), created(5));
    expect(seqs(page)).toEqual([1, 2, 3, 4, 5]);
    page.say(ready(2, { epoch: "8" }));
    await vi.advanceTimersByTimeAsync(0);
    expect(seqs(page)).toEqual([1, 2]);
    page.say(created(3, message(3, "another third")));
    expect(page.client.log(TALK)!.messages.at(-1)!.body.text).toBe("another third");
  });

  test("is noticed after a reload too, and what was kept of the other one is forgotten", async () => {
    const shelf = new Shelf();
    await read_and_leave(shelf, 5);
    server.status = 0;
    const page = await visit(shelf);
    await page.mirror.open(TALK);
    expect(seqs(page)).toEqual([1, 2, 3, 4, 5]);
    server = { rev: 2, seqs: [1, 2], status: 200 };
    page.say(ready(2, { epoch: "another" }));
    await vi.advanceTimersByTimeAsync(1000);
    expect(seqs(page)).toEqual([1, 2]);
    expect(shelf.logs.get(TALK)!.messages).toHaveLength(2);
    expect(shelf.values.get("epoch")).toBe("another");
  });

  test("gets again what it had acknowledged and lost", async () => {
    const page = await visit(new Shelf());
    await page.mirror.open(TALK);
    page.say(ready(0, { epoch: "7" }));
    const { client_id } = page.client.send(TALK, { text: "keep me" });
    await vi.advanceTimersByTimeAsync(0);
    page.say({ op: "ack", client_id, conversation: TALK, seq: 9, rev: 9, ts: "" });
    page.sent.length = 0;
    page.say(ready(0, { epoch: "8" }));
    await vi.advanceTimersByTimeAsync(0);
    expect(page.sent.filter((frame) => frame.op === "send").map((frame) => frame.client_id)).toEqual([client_id]);
  });
});
