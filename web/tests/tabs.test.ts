import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Client, MemoryText, StoredSession, Tabs, TextDrafts, type ClientFrame, type Ending, type Link, type ServerFrame, type Transport } from "../src/core";
import { ann, created, message, ready, TALK, talk } from "./people";

/** The locks and channels of one browser; a tab that is closed lets go of its locks without a word. */
class House {
  readonly #channels = new Set<{ name: string; onmessage: ((event: { data: unknown }) => void) | null; open: boolean }>();
  readonly #queues = new Map<string, (() => void)[]>();
  readonly Channel: typeof BroadcastChannel;

  constructor() {
    const channels = this.#channels;
    this.Channel = class {
      onmessage: ((event: { data: unknown }) => void) | null = null;
      open = true;
      constructor(readonly name: string) {
        channels.add(this);
      }
      postMessage(data: unknown) {
        const copy = structuredClone(data);
        for (const each of channels) if (each !== this && each.name === this.name) queueMicrotask(() => each.open && each.onmessage?.({ data: copy }));
      }
      close() {
        this.open = false;
        channels.delete(this);
      }
    } as unknown as typeof BroadcastChannel;
  }

  locks(closed: AbortSignal): LockManager {
    const request = async (name: string, options: LockOptions, work: () => Promise<unknown>) => {
      const queue = this.#queues.get(name) ?? [];
      this.#queues.set(name, queue);
      let turn!: () => void;
      const mine = new Promise<void>((resolve) => queue.push((turn = resolve)));
      if (queue.length === 1) turn();
      await mine;
      const gone = new Promise<void>((resolve) => closed.addEventListener("abort", () => resolve()));
      await Promise.race([work(), gone]);
      queue.shift();
      queue[0]?.();
      void options;
    };
    return { request, query: async () => ({}) } as unknown as LockManager;
  }
}

/** The server's side of all connections of one browser. */
class Line {
  sent: ClientFrame[] = [];
  links: Link[] = [];
  #end: (ending: Ending) => void = () => undefined;

  readonly transport: Transport = (link) => {
    this.links.push(link);
    link.opened((frames) => this.sent.push(...frames));
    return new Promise((resolve) => {
      this.#end = resolve;
      link.signal.addEventListener("abort", () => resolve({ code: 0 }));
    });
  };

  say(...frames: ServerFrame[]): void {
    this.links.at(-1)!.receive(frames);
  }

  cut(code = 0): void {
    this.#end({ code });
  }
}

async function tab(house: House, line: Line): Promise<{ client: Client; close(): void }> {
  const tokens = new StoredSession("https://chat.example", new MemoryText(), "s");
  tokens.keep({ access_token: "t1", refresh_token: "r1", expires_in: 900_000, user: ann });
  const closed = new AbortController();
  const tabs = new Tabs("line", () => client.nudge(), { locks: house.locks(closed.signal), Channel: house.Channel });
  const client: Client = new Client("https://chat.example", tokens, new TextDrafts(new MemoryText(), "d"), ann, [tabs.share(line.transport)]);
  await client.open(TALK);
  await client.start();
  await vi.advanceTimersByTimeAsync(0);
  return {
    client,
    close: () => {
      closed.abort();
      client.stop();
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", async (url: string) => {
    const body = url.includes("/messages") ? { messages: [], floor_seq: 1, head_seq: 0 } : talk();
    return new Response(JSON.stringify(body), { status: 200 });
  });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const texts = (client: Client) => client.log(TALK)!.messages.map((each) => each.body.text);

test("two tabs share one connection and show the same", async () => {
  const house = new House();
  const line = new Line();
  const first = await tab(house, line);
  line.say(ready(0));
  const second = await tab(house, line);
  expect(line.links).toHaveLength(1);
  expect(second.client.status).toBe("online");
  line.say(created(1));
  await vi.advanceTimersByTimeAsync(0);
  expect(texts(first.client)).toEqual(["m1"]);
  expect(texts(second.client)).toEqual(["m1"]);
  first.close();
  second.close();
});

test("a tab that comes later gets the heads as they are now, and pulls what it missed through the leader", async () => {
  const house = new House();
  const line = new Line();
  const first = await tab(house, line);
  line.say(ready(0), created(1), created(2));
  const second = await tab(house, line);
  await vi.advanceTimersByTimeAsync(1000);
  const pull = line.sent.find((frame) => frame.op === "pull")!;
  expect(pull).toMatchObject({ conversation: TALK, after_rev: 0 });
  line.say({ op: "page", ref: String(pull.ref), conversation: TALK, from_rev: 0, events: [created(1), created(2)], head_rev: 2, floor_seq: 1 });
  await vi.advanceTimersByTimeAsync(0);
  expect(texts(second.client)).toEqual(["m1", "m2"]);
  first.close();
  second.close();
});

test("an answer reaches only the tab that asked, though both count their refs alike", async () => {
  const house = new House();
  const line = new Line();
  const first = await tab(house, line);
  line.say(ready(0));
  const second = await tab(house, line);
  const a = first.client.send(TALK, { text: "from the first" });
  const b = second.client.send(TALK, { text: "from the second" });
  await vi.advanceTimersByTimeAsync(0);
  const sends = line.sent.filter((frame) => frame.op === "send");
  expect(new Set(sends.map((frame) => frame.ref)).size).toBe(2);
  for (const frame of sends) line.say({ op: "nack", ref: String(frame.ref), client_id: String(frame.client_id), code: 422, error: "refused_by_policy", detail: "", temporary: false });
  await vi.advanceTimersByTimeAsync(0);
  expect(first.client.drafts(TALK)).toMatchObject([{ client_id: a.client_id, state: "failed" }]);
  expect(second.client.drafts(TALK)).toMatchObject([{ client_id: b.client_id, state: "failed" }]);
  first.close();
  second.close();
});

test("when the leading tab is closed the next one connects and sends what was not acknowledged", async () => {
  const house = new House();
  const line = new Line();
  const first = await tab(house, line);
  line.say(ready(0));
  const second = await tab(house, line);
  const third = await tab(house, line);
  const { client_id } = third.client.send(TALK, { text: "is anybody there?" });
  first.close();
  await vi.advanceTimersByTimeAsync(1000);
  expect(line.links).toHaveLength(2);
  line.sent = [];
  line.say(ready(0));
  await vi.advanceTimersByTimeAsync(0);
  expect(second.client.status).toBe("online");
  expect(third.client.status).toBe("online");
  expect(line.sent.filter((frame) => frame.op === "send").map((frame) => frame.client_id)).toEqual([client_id]);
  line.say(created(1, message(1, "is anybody there?", { client_id })));
  await vi.advanceTimersByTimeAsync(0);
  expect(third.client.drafts(TALK)).toEqual([]);
  second.close();
  third.close();
});

test("followers go offline and come back together with the leader", async () => {
  const house = new House();
  const line = new Line();
  const first = await tab(house, line);
  line.say(ready(0));
  const second = await tab(house, line);
  line.cut();
  await vi.advanceTimersByTimeAsync(0);
  expect(second.client.status).toBe("offline");
  await vi.advanceTimersByTimeAsync(60_000);
  line.say(ready(0));
  await vi.advanceTimersByTimeAsync(0);
  expect(first.client.status).toBe("online");
  expect(second.client.status).toBe("online");
  first.close();
  second.close();
});

test("without locks each tab connects by itself", async () => {
  const line = new Line();
  const tabs = new Tabs("line", () => undefined, {});
  const link = { signal: new AbortController().signal, opened: () => undefined, receive: () => undefined } as unknown as Link;
  void tabs.share(line.transport)(link);
  expect(line.links).toHaveLength(1);
});

test("a leader that does not answer is not waited for", async () => {
  const house = new House();
  // Holds the lock and says nothing: a page that the browser has put to sleep.
  void house.locks(new AbortController().signal).request("line", {}, () => new Promise(() => undefined));
  const line = new Line();
  const only = await tab(house, line);
  expect(line.links).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(5000);
  expect(line.links).toHaveLength(1);
  line.say(ready(0));
  expect(only.client.status).toBe("online");
  only.close();
});
