import { ApiError } from "./api";
import type { Ending, Link, Transport } from "./link";
import type { EventFrame, Head, ReadyFrame, ServerFrame } from "./types";

interface SyncReply {
  conversations: { conversation: string; rev: number; seq: number; read_seq: number; from_seq: number }[];
  pos: number;
  more: boolean;
  epoch: string;
}

/** The server sends a comment at once and then every 15 s; silence means that a proxy keeps the stream to itself. */
const FIRST_BYTE_MS = 10_000;
const SILENCE_MS = 45_000;

/** The heads of all conversations, as the `ready` that these transports do not get. */
async function heads(link: Link): Promise<ReadyFrame> {
  const reply = await link.api.get<SyncReply>("/v1/sync?pos=0&limit=200", link.signal);
  const found: Record<string, Head> = {};
  for (const each of reply.conversations) found[each.conversation] = [each.rev, each.seq, each.read_seq, each.from_seq];
  return { op: "ready", epoch: reply.epoch, pos: reply.pos, heads: found, more: reply.more };
}

/** Commands go by POST, one at a time, so that messages arrive in the order in which they were written. */
function open(link: Link, ready: ReadyFrame, failed: () => void): void {
  let line: Promise<unknown> = Promise.resolve();
  link.opened((frames) => {
    line = line
      .then(() => link.api.post<ServerFrame[]>("/v1/commands", frames))
      .then((replies) => link.receive(replies))
      // What was not answered stays in the outbox and is sent again when the connection is made anew.
      .catch(() => failed());
  });
  link.receive([ready]);
}

function endingOf(error: unknown): Ending {
  if (!(error instanceof ApiError)) return { code: 0 };
  return { code: error.status, ...(error.problem.retry_ms ? { retry_ms: error.problem.retry_ms } : {}) };
}

/** Server-sent events read with fetch, since EventSource cannot send an Authorization header. */
export const events: Transport = async (link) => {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), FIRST_BYTE_MS);
  try {
    const ready = await heads(link);
    const response = await fetch(`${link.api.origin}/v1/events?pos=${ready.pos}`, {
      headers: { Authorization: `Bearer ${await link.tokens.get()}`, Accept: "text/event-stream" },
      signal: AbortSignal.any([link.signal, silence.signal]),
      credentials: "omit",
    });
    if (!response.ok || !response.body) return { code: response.status };
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let opened = false;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { code: 0 };
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      if (!opened) open(link, ready, () => silence.abort());
      opened = true;
      const blocks = (rest + value.replace(/\r/g, "")).split("\n\n");
      rest = blocks.pop()!;
      for (const block of blocks) {
        // The tail in the server's memory does not reach back to our position: compare the heads instead.
        if (/^event: ?resync/m.test(block)) {
          link.receive([await heads(link)]);
          continue;
        }
        const data = block.match(/^data:.*/gm)?.map((line) => line.slice(5).trimStart()).join("\n");
        if (!data) continue;
        const frame = JSON.parse(data) as ServerFrame;
        link.receive([frame]);
        if (frame.op === "bye") return frame;
      }
    }
  } catch (error) {
    return endingOf(error);
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
};

interface PollReply {
  events: EventFrame[];
  pos: number;
  more: boolean;
  resync?: boolean;
}

/** Long poll: works through every proxy, at one request per batch of events. */
export const poll: Transport = async (link) => {
  const broken = new AbortController();
  const signal = AbortSignal.any([link.signal, broken.signal]);
  try {
    const ready = await heads(link);
    let pos = ready.pos;
    open(link, ready, () => broken.abort());
    for (;;) {
      const path = `/v1/poll?pos=${pos}&wait=25`;
      const reply = await link.api.request<PollReply>("GET", path, { signal, timeout_ms: 40_000 });
      pos = reply.pos;
      if (reply.resync) link.receive([await heads(link)]);
      else link.receive(reply.events.length ? reply.events : [{ op: "pong", n: 0 }]);
    }
  } catch (error) {
    return endingOf(error);
  }
};
