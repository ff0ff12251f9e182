import { ApiError } from "./api";
import type { Ending, Link, Transport } from "./transports";
import type { EventFrame, Head, ReadyFrame, ServerFrame } from "./types";

interface SyncReply {
  conversations: { conversation: string; rev: number; seq: number; read_seq: number; from_seq: number }[];
  pos: number;
  more: boolean;
}

/** The two HTTP transports learn the heads with one call and send commands by another. */
async function begin(link: Link): Promise<number> {
  const reply = await link.api.get<SyncReply>("/v1/sync?pos=0&limit=200", link.signal);
  const heads: Record<string, Head> = {};
  for (const each of reply.conversations) heads[each.conversation] = [each.rev, each.seq, each.read_seq, each.from_seq];
  let line: Promise<unknown> = Promise.resolve();
  link.opened((frames) => {
    // One at a time, so that messages arrive in the order in which they were written.
    line = line
      .then(() => link.api.post<ServerFrame[]>("/v1/commands", frames))
      .then((replies) => link.receive(replies))
      .catch(() => undefined);
  });
  const ready: ReadyFrame = {
    op: "ready", session: "", epoch: 0, pos: reply.pos, heartbeat_s: 15, heads, more: reply.more,
  };
  link.receive([ready]);
  return reply.pos;
}

function endingOf(error: unknown): Ending {
  if (!(error instanceof ApiError)) throw error;
  return { code: error.status, ...(error.problem.retry_ms ? { retry_ms: error.problem.retry_ms } : {}) };
}

/** Server-sent events read with fetch, since EventSource cannot send an Authorization header. */
export const events: Transport = async (link) => {
  try {
    await begin(link);
    const response = await fetch(`${link.api.origin}/v1/events`, {
      headers: { Authorization: `Bearer ${await link.tokens.get()}`, Accept: "text/event-stream" },
      signal: link.signal,
      credentials: "omit",
    });
    if (!response.ok || !response.body) return { code: response.status };
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { code: 0 };
      const blocks = (rest + value.replace(/\r/g, "")).split("\n\n");
      rest = blocks.pop()!;
      for (const block of blocks) {
        if (/^event: ?resync/m.test(block)) return { code: 410, retry_ms: 0 };
        const data = block.match(/^data:.*/gm)?.map((line) => line.slice(5).trimStart()).join("\n");
        if (!data) continue;
        const frame = JSON.parse(data) as ServerFrame;
        link.receive([frame]);
        if (frame.op === "bye") return frame;
      }
    }
  } catch (error) {
    if (!(error instanceof ApiError)) return { code: 0 };
    return endingOf(error);
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
  try {
    let pos = await begin(link);
    for (;;) {
      const path = `/v1/poll?pos=${pos}&wait=25`;
      const reply = await link.api.request<PollReply>("GET", path, { signal: link.signal, timeout_ms: 40_000 });
      if (reply.resync) return { code: 410, retry_ms: 0 };
      pos = reply.pos;
      link.receive(reply.events.length ? reply.events : [{ op: "pong", n: 0 }]);
    }
  } catch (error) {
    return endingOf(error);
  }
};
