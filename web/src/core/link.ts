import type { Api, TokenSource } from "./api";
import type { ClientFrame, ServerFrame } from "./types";

/** What a transport needs from the client for the life of one connection. */
export interface Link {
  api: Api;
  tokens: TokenSource;
  device: string;
  /** Takes frames in, in order. */
  receive(frames: ServerFrame[]): void;
  /** Gives the client the way to send while the connection stands. */
  opened(send: (frames: ClientFrame[]) => void): void;
  signal: AbortSignal;
}

/** Why a connection ended. `code` is an HTTP-like status; 0 means that it just broke. */
export interface Ending {
  code: number;
  retry_ms?: number;
}

export type Transport = (link: Link) => Promise<Ending>;
