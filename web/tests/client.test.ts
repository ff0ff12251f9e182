import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { Backoff, Client, MemoryText, StoredSession, TextDrafts, type ClientFrame, type Ending, type Link, type ServerFrame, type Session, type Transport } from "../src/core";
import { ann, created, dice, message, ready, TALK, talk } from "./people";

const session: Session = { access_token: "t1", refresh_token: "r1", expires_in: 900, user: ann };

/** A server's side of connections, driven by the test. */
class Line {
  sent: ClientFrame[] = [];
  links: Link[] = [];
  #end: (ending: Ending) => void = () => undefined;

  readonly transport: Transport = (link) => {
    this.links.push(link);
    link.opened((frames) => this.sent.push(...frames));
    return new Promise((resolve) => (this.#end = resolve));
  };

  say(...frames: ServerFrame[]): void {
    this.links.at(-1)!.receive(frames);
  }

  cut(code = 0): void {
    this.#end({ code });
  }
}

function tokensOf(store = new MemoryText()): StoredSession {
  const tokens = new StoredSession("https://chat.example", store, "s");
  tokens.keep(session);
  return tokens;
}

function made(line: Line, store = new MemoryText(), ...others: Transport[]): Client {
  const tokens = tokensOf(store);
  return new Client("https://chat.example", tokens, new TextDrafts(store, "d"), ann, [line.transport, ...others]);
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

describe("sending", () => {
  test("a message written offline is sent when the connection stands", async () => {
    const line = new Line();
    const client = made(line);
    client.send(TALK, { text: "hello" });
    await client.start();
    await vi.advanceTimersByTimeAsync(0);
    line.say(ready(0));
    await vi.advanceTimersByTimeAsync(0);
    expect(line.sent).toMatchObject([{ op: "send", body: { text: "hello" } }]);
  });

  test("a message survives a reload and keeps its client id", async () => {
    const store = new MemoryText();
    const { client_id } = made(new Line(), store).send(TALK, { text: "hello" });
    await vi.advanceTimersByTimeAsync(0);
    const line = new Line();
    await made(line, store).start();
    await vi.advanceTimersByTimeAsync(0);
    line.say(ready(0));
    await vi.advanceTimersByTimeAsync(0);
    expect(line.sent.map((frame) => frame.client_id)).toEqual([client_id]);
  });

  test("nothing is lost or doubled over cuts at any moment", async () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = dice(seed);
      const line = new Line();
      const client = made(line, new MemoryText());
      await client.open(TALK);
      await client.start();
      const log: string[] = [];
      const accept = (frame: ClientFrame) => {
        const client_id = String(frame.client_id);
        if (frame.op === "send" && !log.includes(client_id)) log.push(client_id);
      };
      const written: string[] = [];
      for (let step = 0; step < 12; step++) {
        written.push(client.send(TALK, { text: `m${step}` }).client_id);
        await vi.advanceTimersByTimeAsync(40_000);
        line.say(ready(0));
        await vi.advanceTimersByTimeAsync(0);
        // The server takes only a part of what was sent before the line is cut, and not always says so.
        const taken = line.sent.splice(0, Math.ceil(random() * line.sent.length));
        taken.forEach(accept);
        if (random() < 0.5) line.say(...taken.map((frame): ServerFrame => ({ op: "ack", client_id: String(frame.client_id), conversation: TALK, seq: 1, rev: null, ts: "" })));
        line.sent = [];
        line.cut();
        await vi.advanceTimersByTimeAsync(0);
      }
      await vi.advanceTimersByTimeAsync(40_000);
      line.say(ready(0));
      await vi.advanceTimersByTimeAsync(0);
      line.sent.forEach(accept);
      expect(log).toEqual(written);
      client.stop();
    }
  });
});

test("a long outbox leaves in batches that the server takes, in order", async () => {
  const batches: ClientFrame[][] = [];
  const line = new Line();
  const client = made(line);
  const written = Array.from({ length: 120 }, (_, at) => client.send(TALK, { text: at % 3 ? "short" : "长".repeat(3000) }).client_id);
  await client.start();
  await vi.advanceTimersByTimeAsync(0);
  line.links[0]!.opened((frames) => batches.push(frames));
  line.say(ready(0));
  await vi.advanceTimersByTimeAsync(0);
  for (const batch of batches) {
    expect(batch.length).toBeLessThanOrEqual(64);
    expect(new TextEncoder().encode(JSON.stringify(batch)).length).toBeLessThanOrEqual(64 * 1024);
  }
  expect(batches.flat().map((frame) => frame.client_id)).toEqual(written);
  client.stop();
});

describe("the connection", () => {
  test("waits longer after each failure and starts small again only after a useful frame", () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    onTestFinished(() => void vi.restoreAllMocks());
    const backoff = new Backoff();
    expect([1, 2, 3, 4, 5, 6, 7, 8].map(() => backoff.next())).toEqual([500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
    backoff.reset();
    expect(backoff.next()).toBe(500);
  });

  test.each([403, 409])("code %i ends it for good", async (code) => {
    const line = new Line();
    const client = made(line);
    await client.start();
    await vi.advanceTimersByTimeAsync(0);
    line.cut(code);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(client.status).toBe("stopped");
    expect(line.links).toHaveLength(1);
  });

  test("a transport that never comes up gives way to the next one", async () => {
    const line = new Line();
    const refused = vi.fn(async (): Promise<Ending> => ({ code: 0 }));
    const tokens = new StoredSession("https://chat.example", new MemoryText(), "s");
    tokens.keep(session);
    const client = new Client("https://chat.example", tokens, new TextDrafts(new MemoryText(), "d"), ann, [refused, line.transport]);
    await client.start();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(refused).toHaveBeenCalledTimes(2);
    expect(line.links).toHaveLength(1);
    client.stop();
  });

  test("a transport that worked before is kept through a restart of the server", async () => {
    const line = new Line();
    const other = vi.fn<Transport>(async () => ({ code: 0 }));
    let down = 0;
    const flaky: Transport = (link) => (down-- > 0 ? Promise.resolve({ code: 0 }) : line.transport(link));
    const client = new Client("https://chat.example", tokensOf(), new TextDrafts(new MemoryText(), "d"), ann, [flaky, other]);
    await client.start();
    await vi.advanceTimersByTimeAsync(0);
    line.say(ready(0));
    down = 4;
    line.cut();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(other).not.toHaveBeenCalled();
    expect(line.links).toHaveLength(2);
  });

  test("whatever breaks inside a connection, the next one is tried", async () => {
    const line = new Line();
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    let first = true;
    const breaking: Transport = async (link) => {
      if (first) throw new TypeError("Failed to fetch dynamically imported module");
      return line.transport(link);
    };
    const client = new Client("https://chat.example", tokensOf(), new TextDrafts(new MemoryText(), "d"), ann, [breaking]);
    await client.start();
    await vi.advanceTimersByTimeAsync(0);
    first = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(line.links).toHaveLength(1);
    expect(reported).toHaveBeenCalledOnce();
  });

  test("typing is told at most once in three seconds and its end at once", async () => {
    const line = new Line();
    const client = made(line);
    await client.start();
    await vi.advanceTimersByTimeAsync(0);
    line.say(ready(0));
    for (let at = 0; at < 10; at++) client.typing(TALK, true);
    client.typing(TALK, false);
    client.typing(TALK, false);
    await vi.advanceTimersByTimeAsync(0);
    expect(line.sent).toEqual([{ op: "typing", conversation: TALK, on: true }, { op: "typing", conversation: TALK, on: false }]);
    client.stop();
  });

  test("the read cursor only moves forward", async () => {
    const line = new Line();
    const client = made(line);
    await client.start();
    await vi.advanceTimersByTimeAsync(0);
    line.say(ready(0));
    for (const seq of [3, 2, 3, 5]) client.read(TALK, seq);
    await vi.advanceTimersByTimeAsync(0);
    expect(line.sent.map((frame) => frame.seq)).toEqual([3, 5]);
    client.stop();
  });

  test("a gap in the events is pulled half a second later at most", async () => {
    const line = new Line();
    const client = made(line);
    await client.open(TALK);
    await client.start();
    await vi.advanceTimersByTimeAsync(1000);
    line.say(ready(0));
    line.sent = [];
    line.say(created(2, message(2)));
    await vi.advanceTimersByTimeAsync(500);
    expect(line.sent).toMatchObject([{ op: "pull", conversation: TALK, after_rev: 0 }]);
    client.stop();
  });
});

describe("tokens", () => {
  test("many callers with an old token cause one renewal", async () => {
    const renewals: string[] = [];
    vi.stubGlobal("fetch", async (url: string) => {
      renewals.push(url);
      return new Response(JSON.stringify({ ...session, access_token: "t2", refresh_token: "r2" }), { status: 200 });
    });
    const tokens = new StoredSession("https://chat.example", new MemoryText(), "s");
    tokens.keep(session);
    expect(await Promise.all([tokens.renew("t1"), tokens.renew("t1"), tokens.renew("t1")])).toEqual(["t2", "t2", "t2"]);
    expect(renewals).toHaveLength(1);
  });

  test("a token that another tab has renewed already is taken over", async () => {
    const store = new MemoryText();
    const here = new StoredSession("https://chat.example", store, "s");
    const there = new StoredSession("https://chat.example", store, "s");
    here.keep(session);
    there.keep({ ...session, access_token: "t9" });
    expect(await here.renew("t1")).toBe("t9");
  });

  test("a session that is over starts again where that is possible, and else is dropped", async () => {
    vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ status: 401, code: "token_reused", temporary: false }), { status: 401 }));
    const visitor = new StoredSession("https://chat.example", new MemoryText(), "v", async () => ({ ...session, access_token: "new" }));
    visitor.keep(session);
    expect(await visitor.renew("t1")).toBe("new");
    const operator = new StoredSession("https://chat.example", new MemoryText(), "o");
    operator.keep(session);
    await expect(operator.renew("t1")).rejects.toMatchObject({ status: 401 });
    expect(operator.session).toBeNull();
  });
});
