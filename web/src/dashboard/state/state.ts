import { signal, type Signal } from "@preact/signals";
import {
  ApiError, Client, events, IndexedDrafts, IndexedLogs, Mirror, poll, socket, StoredSession, Tabs, TextDrafts, textStore,
  type Session, type User,
} from "../../core";
import { coded, t, type Word } from "./words";

export const SCREENS = ["inbox", "groups", "review", "knowledge", "agents", "contacts", "reports", "bots", "security", "settings"] as const;
export type Screen = (typeof SCREENS)[number];
export type Theme = "auto" | "light" | "dark";

export interface Route {
  screen: Screen;
  id: string | null;
}

export interface Toast {
  id: number;
  text: string;
  warn: boolean;
  /** One thing that can be done about it, as long as it is shown. */
  act?: { name: string; run(): void };
}

export const store = textStore();
export const tokens = new StoredSession(location.origin, store, "myna.operator");
export const session = signal<Session | null>(tokens.session);
export const client = signal<Client | null>(null);
/** Shows what was known at the last visit before the server has answered; null where the browser keeps nothing. */
export const mirror = signal<Mirror | null>(null);
export const status = signal<Client["status"]>("connecting");
export const networkless = signal(!navigator.onLine);
export const route = signal<Route>(parseRoute());
export const toasts = signal<Toast[]>([]);
export const theme = signal<Theme>((store.getItem("myna.theme") as Theme | null) ?? "auto");
export const signedOutBecause = signal<Word | null>(null);

function parseRoute(): Route {
  const [screen, id] = location.hash.replace(/^#\/?/, "").split("/");
  return { screen: SCREENS.find((each) => each === screen) ?? "inbox", id: id || null };
}

for (const event of ["online", "offline"]) addEventListener(event, () => (networkless.value = !navigator.onLine));
addEventListener("hashchange", () => (route.value = parseRoute()));

export function go(screen: Screen, id: string | null = null): void {
  location.hash = id ? `/${screen}/${id}` : `/${screen}`;
}

export function setTheme(wanted: Theme): void {
  theme.value = wanted;
  store.setItem("myna.theme", wanted);
  if (wanted === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = wanted;
}

let toastIds = 0;

export function toast(text: string, warn = false, act?: Toast["act"]): void {
  // The same trouble of several requests is told once.
  if (warn && toasts.value.some((each) => each.warn && each.text === text)) return;
  const id = ++toastIds;
  toasts.value = [...toasts.value.slice(-3), { id, text, warn, ...(act && { act }) }];
  setTimeout(() => (toasts.value = toasts.value.filter((each) => each.id !== id)), warn ? 8000 : act ? 6000 : 4000);
}

/** What went wrong and what to do about it, in the reader's language. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 409) return coded("error", error.code, error.code === "already_decided" ? t("alreadyDecided") : t("epochMoved"));
  if (error.status === 403) return t("error.forbidden");
  if (error.status === 404) return t("error.not_found");
  if (error.status === 429 || error.status === 503) return t("error.busy");
  if (error.code === "unreachable") return t("error.unreachable");
  return t("error.other", { code: error.code, detail: error.problem.detail });
}

export function complain(error: unknown): void {
  toast(explain(error), true);
}

const versions = new Map<string, Signal<number>>();
const dirty = new Set<string>();

/** Reading this in a component makes it paint again when the conversation changes. */
export function version(conversation: string): Signal<number> {
  let found = versions.get(conversation);
  if (!found) versions.set(conversation, (found = signal(0)));
  return found;
}

/** However many pieces of an answer arrive, each conversation is painted at most once per animation frame. */
function touched(conversation: string): void {
  if (dirty.size === 0) {
    requestAnimationFrame(() => {
      for (const id of dirty) version(id).value++;
      dirty.clear();
    });
  }
  dirty.add(conversation);
}

export function connect(current: Session): void {
  const name = `myna.${current.user.id}`;
  const keeps = "indexedDB" in globalThis;
  const drafts = keeps ? new IndexedDrafts(name) : new TextDrafts(store, name);
  const tabs = new Tabs(name, () => made.nudge());
  const transports = [socket, events, poll].map((each) => tabs.share(each));
  const made: Client = new Client(location.origin, tokens, drafts, current.user, transports);
  const kept = keeps ? new Mirror(made, new IndexedLogs(`${name}.logs`)) : null;
  made.on("changed", touched);
  made.on("status", (now, code) => {
    status.value = now;
    if (now === "stopped" && code === 401) signOut("sessionOver");
  });
  mirror.value = kept;
  client.value = made;
  void Promise.resolve(kept?.start()).then(() => made.start());
}

/** Somebody has signed in. */
export function begin(signedIn: Session): void {
  const kept = tokens.keep(signedIn);
  signedOutBecause.value = null;
  connect(kept);
  session.value = kept;
}

export function signOut(because: Word | null = null): void {
  const refresh_token = tokens.session?.refresh_token;
  if (refresh_token && !because) void fetch("/v1/auth/sign-out", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ refresh_token }),
    keepalive: true,
  }).catch(() => undefined);
  client.value?.stop();
  // Whoever signs out leaves nothing to read on this machine; what was not sent yet waits for the same person.
  if (!because) void mirror.value?.forget();
  client.value = null;
  mirror.value = null;
  tokens.drop();
  session.value = null;
  signedOutBecause.value = because;
}

/** The API of whoever is signed in. */
export function api(): Client["api"] {
  return client.value!.api;
}

/** Whether this person works for the service desk; everybody else has the conversations they are a member of. */
export function staff(): boolean {
  return !!session.value?.role;
}

export function me(): User {
  return session.value!.user;
}
