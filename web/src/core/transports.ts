import type { Ending, Link, Transport } from "./link";
import type { ClientFrame, ServerFrame } from "./types";

const HELLO_TIMEOUT_MS = 10_000;
const PING_MS = 25_000;

/** WebSocket: the token goes in the first frame, never in the address. */
export const socket: Transport = async (link) => {
  const token = await link.tokens.get();
  return new Promise((resolve) => {
    const ws = new WebSocket(`${link.api.origin.replace(/^http/, "ws")}/v1/socket`);
    let ending: Ending = { code: 0 };
    let silence: ReturnType<typeof setTimeout>;
    let ping: ReturnType<typeof setTimeout>;
    let pings = 0;
    const send = (frames: ClientFrame[]) => {
      if (ws.readyState === 1) ws.send(JSON.stringify(frames.length === 1 ? frames[0] : frames));
    };
    const listen = (limit_ms: number) => {
      clearTimeout(silence);
      silence = setTimeout(() => finish(), limit_ms);
    };
    const beat = () => {
      ping = setTimeout(() => {
        send([{ op: "ping", n: ++pings }]);
        beat();
      }, PING_MS * (0.8 + 0.4 * Math.random()));
    };
    const finish = () => {
      clearTimeout(silence);
      clearTimeout(ping);
      link.signal.removeEventListener("abort", finish);
      ws.onclose = ws.onmessage = ws.onopen = null;
      ws.close();
      resolve(ending);
    };
    listen(HELLO_TIMEOUT_MS);
    link.signal.addEventListener("abort", finish);
    ws.onopen = () => {
      send([{ op: "hello", v: 1, token, device: link.device }]);
    };
    ws.onmessage = (message) => {
      const parsed = JSON.parse(message.data as string) as ServerFrame | ServerFrame[];
      const frames = Array.isArray(parsed) ? parsed : [parsed];
      for (const frame of frames) {
        if (frame.op === "ready") {
          link.opened(send);
          beat();
        }
        if (frame.op === "bye") ending = frame;
      }
      listen(PING_MS * 2.4);
      link.receive(frames);
    };
    ws.onclose = (event) => {
      if (event.code >= 4000) ending = { ...ending, code: event.code - 4000 };
      finish();
    };
  });
};

/** The HTTP transports are fetched only when a proxy lets no WebSocket through; without a server there is nothing to fetch. */
async function fetched(name: "events" | "poll", link: Link): Promise<Ending> {
  const found = await import("./http").catch(() => null);
  return found ? found[name](link) : { code: 0 };
}

export const events: Transport = (link) => fetched("events", link);
export const poll: Transport = (link) => fetched("poll", link);
