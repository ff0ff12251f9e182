/** What the loader on the customer's page and the chat frame say to each other through their MessagePort. */

/** The one window message; everything after it goes through the port that it carries. */
export const HANDSHAKE = "myna:port:1";

export interface Settings {
  locale?: string;
  /** Accent colour as #rrggbb. */
  color?: string;
  /** Light, dark, or what the visitor's system says. */
  theme?: "auto" | "light" | "dark";
  /** The corner of the launcher. */
  position?: "left" | "right";
  /** False hides the launcher; the page opens the chat itself then. */
  launcher?: boolean;
}

/** Who the site says the visitor is: a signed token, or an id with its hash; null when nobody is signed in any more. */
export type Identity = string | { id: string; hash: string } | null;

export type ToFrame =
  | { type: "set"; settings: Settings }
  | { type: "identify"; identity: Identity }
  | { type: "shown" } | { type: "hidden" };

export type ToPage =
  | { type: "close" }
  | { type: "message"; detail: { text: string; from: string; seq: number } }
  | { type: "unread"; detail: { count: number } }
  | { type: "handoff"; detail: { owner: string; name: string | null } }
  | { type: "error"; detail: { code: string } };
