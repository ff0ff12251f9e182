import type { Ending, Link, Transport } from "./link";
import type { ClientFrame, Head, Message, ReadyFrame, ServerFrame } from "./types";

/** What the tabs of one user say to each other. `tab` is who it is from, or whom it is for. */
type Told =
  | { tab: string; join: true }
  | { tab: string; send: ClientFrame[] }
  | { tab: string; frames: ServerFrame[] }
  | { all: ServerFrame[] }
  | { waiting: true }
  | { ended: Ending };

/** A leader answers at once; whoever hears nothing connects on its own. */
const ANSWER_MS = 4000;

/** Where tabs meet; the browser's own, unless a test brings others. */
export interface Places {
  locks?: LockManager | undefined;
  Channel?: typeof BroadcastChannel | undefined;
}

/**
 * One connection for all tabs of one user.
 *
 * The tab that holds the Web Lock `name` leads: it connects, and passes on what it hears through a BroadcastChannel of
 * the same name. The others send through it. A lock ends with its tab, however that ends, and the next one leads.
 * `wake` is called in a following tab when the leader is connected again. Without locks or channels, and when the
 * leader gives no answer, each tab connects by itself, which is slower for the server and the same for the user.
 */
export class Tabs {
  readonly #name: string;
  readonly #wake: () => void;
  readonly #locks: LockManager | undefined;
  readonly #Channel: typeof BroadcastChannel | undefined;
  readonly #tab = crypto.randomUUID();
  /** Settles when this tab leads. */
  #leading: Promise<void> | null = null;
  #leads = false;
  #channel: BroadcastChannel | null = null;
  /** Only in a leader: its `ready`, with the heads as they are now. */
  #ready: ReadyFrame | null = null;
  #transmit: ((frames: ClientFrame[]) => void) | null = null;
  #hear: (told: Told) => void = () => undefined;

  constructor(name: string, wake: () => void, places: Places = { locks: globalThis.navigator?.locks, Channel: globalThis.BroadcastChannel }) {
    this.#name = name;
    this.#wake = wake;
    this.#locks = places.locks;
    this.#Channel = places.Channel;
  }

  /** A transport that uses `inner` where this tab leads. */
  share(inner: Transport): Transport {
    return async (link) => {
      if (!this.#locks || !this.#Channel) return inner(link);
      this.#queue(link.signal);
      if (!this.#leads) {
        const followed = await this.#follow(link);
        if (followed) return followed;
      }
      return this.#leads ? this.#lead(inner, link) : inner(link);
    };
  }

  #queue(signal: AbortSignal): void {
    if (this.#leading) return;
    this.#channel = new this.#Channel!(this.#name);
    this.#channel.onmessage = (event) => this.#told(event.data as Told);
    this.#leading = new Promise((resolve) => {
      const held = () => new Promise<void>((free) => {
        this.#leads = true;
        resolve();
        signal.addEventListener("abort", () => free());
      });
      this.#locks!.request(this.#name, { signal }, held).catch(() => undefined);
      signal.addEventListener("abort", () => {
        if (this.#leads) this.#say({ ended: { code: 0, retry_ms: 0 } });
        this.#channel?.close();
        this.#channel = null;
      });
    });
  }

  #say(told: Told): void {
    this.#channel?.postMessage(told);
  }

  #told(told: Told): void {
    if (!this.#leads) return this.#hear(told);
    if ("join" in told) return this.#say(this.#ready ? { tab: told.tab, frames: [this.#ready] } : { waiting: true });
    if (!("send" in told)) return;
    // Refs are counted in each tab, so an answer could not be told apart without the tab's name in front.
    this.#transmit?.(told.send.map((frame) => (frame.ref ? { ...frame, ref: `${told.tab} ${frame.ref}` } : frame)));
  }

  async #lead(inner: Transport, link: Link): Promise<Ending> {
    const led = {
      ...link,
      opened: (send: (frames: ClientFrame[]) => void) => {
        this.#transmit = send;
        link.opened(send);
      },
      receive: (frames: ServerFrame[]) => this.#pass(link, frames),
    };
    this.#say({ waiting: true });
    let ending: Ending = { code: 0 };
    try {
      return (ending = await inner(led));
    } finally {
      this.#ready = null;
      this.#transmit = null;
      this.#say({ ended: ending });
    }
  }

  /** Answers go to the tab that asked, everything else to all. */
  #pass(link: Link, frames: ServerFrame[]): void {
    const mine: ServerFrame[] = [];
    const all: ServerFrame[] = [];
    for (const frame of frames) {
      const [tab, ref] = "ref" in frame ? (frame.ref ?? "").split(" ") : [];
      if (tab && ref) this.#say({ tab, frames: [{ ...frame, ref } as ServerFrame] });
      else {
        this.#keep(frame);
        mine.push(frame);
        if (!("ref" in frame && frame.ref) && frame.op !== "bye") all.push(frame);
      }
    }
    if (all.length) this.#say({ all });
    if (mine.length) link.receive(mine);
  }

  #keep(frame: ServerFrame): void {
    if (frame.op === "ready") this.#ready = { ...frame, heads: { ...frame.heads } };
    else if (frame.op === "event" && this.#ready) {
      const [, seq, read, from] = this.#ready.heads[frame.conversation] ?? [0, 0, 0, 1];
      const made = frame.kind === "message.created" ? (frame.data as Message).seq : 0;
      const head: Head = [frame.rev, Math.max(seq, made), read, from];
      this.#ready = { ...this.#ready, pos: frame.pos, heads: { ...this.#ready.heads, [frame.conversation]: head } };
    }
  }

  /** The leader's connection as one's own; null when there is no leader, or this tab is it now. */
  #follow(link: Link): Promise<Ending | null> {
    return new Promise((resolve) => {
      let up = false;
      const silence = setTimeout(() => end(null), ANSWER_MS);
      const stop = () => end({ code: 0 });
      const end = (ending: Ending | null) => {
        clearTimeout(silence);
        link.signal.removeEventListener("abort", stop);
        // Between two attempts only one thing matters: that the leader is back.
        this.#hear = (told) => {
          if ("all" in told && told.all.some((frame) => frame.op === "ready")) this.#wake();
        };
        resolve(ending);
      };
      const receive = (frames: ServerFrame[]) => {
        if (!up && frames.some((frame) => frame.op === "ready")) {
          up = true;
          link.opened((sent) => this.#say({ tab: this.#tab, send: sent }));
        }
        if (up) link.receive(frames);
      };
      this.#hear = (told) => {
        if ("frames" in told && told.tab === this.#tab) receive(told.frames);
        else if ("all" in told) receive(told.all);
        else if ("ended" in told) end(told.ended);
        // A new leader: what the old one was asked is lost with it, as with any connection.
        else if ("waiting" in told && up) end({ code: 0, retry_ms: 0 });
        if ("waiting" in told || "frames" in told) clearTimeout(silence);
      };
      link.signal.addEventListener("abort", stop);
      void this.#leading!.then(() => end(up ? { code: 0, retry_ms: 0 } : null));
      this.#say({ tab: this.#tab, join: true });
    });
  }
}
