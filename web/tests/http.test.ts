import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Client, MemoryText, StoredSession, TextDrafts, events, poll, type Ending, type Transport } from "../src/core";
import { ann, created, TALK, talk } from "./people";

type Answer = (url: string, init: RequestInit) => Response | Promise<Response>;

const json = (body: unknown) => new Response(JSON.stringify(body), { status: 200, headers: { "Content-Type": "application/json" } });
const pending = (init: RequestInit) =>
  new Promise<Response>((_, reject) => init.signal?.addEventListener("abort", () => reject(new Error("aborted"))));

/** A server that knows one conversation at rev `rev`; `more` answers the rest. */
function serve(rev: number, more: Answer): string[] {
  const calls: string[] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    const path = url.replace("https://chat.example", "");
    calls.push(`${init.method ?? "GET"} ${path}`);
    if (path.startsWith("/v1/sync")) return json({ conversations: [{ conversation: TALK, rev, seq: rev, read_seq: 0, from_seq: 1 }], pos: 7, more: false, epoch: "1" });
    if (path.includes("/messages")) return json({ messages: [], floor_seq: 1, head_seq: 0 });
    if (path.startsWith("/v1/conversations/")) return json(talk());
    return more(path, init);
  });
  return calls;
}

function made(...transports: Transport[]): Client {
  const tokens = new StoredSession("https://chat.example", new MemoryText(), "s");
  tokens.keep({ access_token: "t1", refresh_token: "r1", expires_in: 9000, user: ann });
  return new Client("https://chat.example", tokens, new TextDrafts(new MemoryText(), "d"), ann, transports);
}

beforeEach(() => void vi.useFakeTimers());

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("server-sent events", () => {
  test("frames are read whatever way the stream is cut into pieces", async () => {
    const text = `: open\r\n\r\nid: 1.8\r\ndata: ${JSON.stringify(created(1))}\r\n\r\n: ping\n\ndata: ${JSON.stringify(created(2))}\n\n`;
    for (const size of [1, 7, 64, 5000]) {
      serve(0, (path) => {
        if (!path.startsWith("/v1/events")) return json([]);
        const bytes = new TextEncoder().encode(text);
        return new Response(new ReadableStream({
          start(stream) {
            for (let at = 0; at < bytes.length; at += size) stream.enqueue(bytes.slice(at, at + size));
          },
        }));
      });
      const client = made(events);
      const log = await client.open(TALK);
      await client.start();
      await vi.waitFor(() => expect(log.messages.map((each) => each.seq)).toEqual([1, 2]));
      client.stop();
    }
  });

  test("the token is in a header and never in the address", async () => {
    const calls = serve(0, (_, init) => {
      expect(new Headers(init.headers).get("Authorization")).toBe("Bearer t1");
      return pending(init);
    });
    const client = made(events);
    await client.start();
    await vi.waitFor(() => expect(calls.some((call) => call.includes("/v1/events"))).toBe(true));
    expect(calls.join(" ")).not.toContain("t1");
    client.stop();
  });

  test("a stream of which nothing comes through gives way to the next transport", async () => {
    serve(0, (_, init) => pending(init));
    const next = vi.fn(() => new Promise<Ending>(() => undefined));
    const client = made(events, next);
    await client.start();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(next).toHaveBeenCalledTimes(1);
    client.stop();
  });
});

describe("long poll", () => {
  test("goes on from the position that the last answer gave", async () => {
    const answers = [{ events: [created(1)], pos: 11, more: false }, { events: [created(2)], pos: 12, more: false }];
    const calls = serve(0, (path, init) => {
      if (!path.startsWith("/v1/poll")) return json([]);
      const answer = answers.shift();
      return answer ? json(answer) : pending(init);
    });
    const client = made(poll);
    const log = await client.open(TALK);
    await client.start();
    await vi.waitFor(() => expect(log.messages).toHaveLength(2));
    await vi.waitFor(() => expect(calls.filter((call) => call.includes("/v1/poll"))).toHaveLength(3));
    expect(calls.filter((call) => call.includes("/v1/poll")).map((call) => /pos=(\d+)/.exec(call)![1])).toEqual(["7", "11", "12"]);
    client.stop();
  });

  test("a position that is too old compares the heads and pulls what is missing", async () => {
    let rev = 0;
    const commands: unknown[] = [];
    let answered = false;
    vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
      const path = url.replace("https://chat.example", "");
      if (path.startsWith("/v1/sync")) return json({ conversations: [{ conversation: TALK, rev, seq: rev, read_seq: 0, from_seq: 1 }], pos: 7, more: false, epoch: "1" });
      if (path.includes("/messages")) return json({ messages: [], floor_seq: 1, head_seq: 0 });
      if (path === "/v1/commands") {
        commands.push(...(JSON.parse(String(init.body)) as unknown[]));
        return json([]);
      }
      if (!path.startsWith("/v1/poll")) return json(talk());
      if (answered) return pending(init);
      answered = true;
      rev = 4;
      return json({ events: [], pos: 90, more: false, resync: true });
    });
    const client = made(poll);
    await client.open(TALK);
    await client.start();
    await vi.waitFor(() => expect(commands).toMatchObject([{ op: "pull", conversation: TALK, after_rev: 0 }]));
    client.stop();
  });
});
