/**
 * Chatwoot's names for what the loader does, for sites that move: its snippet works with only the address changed.
 *
 * `websiteToken` is the inbox's key. What Myna has no counterpart for says so in the console and does nothing.
 */
type Call = (...values: unknown[]) => void;

interface Wanted {
  websiteToken: string;
  baseUrl?: string;
}

interface Site extends Window {
  chatwootSettings?: Record<string, unknown>;
  chatwootSDK?: { run(wanted: Wanted): void };
  $chatwoot?: Record<string, unknown>;
}

const site = window as Site;
const own = new URL((document.currentScript as HTMLScriptElement).src).origin;
const myna: Call = (...command) => (window.myna as Call)(...command);
const themes: Record<string, string> = { auto: "auto", light: "light", dark: "dark" };

function show(state: unknown): void {
  myna("set", { launcher: state !== "hide" });
}

function missing(name: string): Call {
  return () => console.warn(`myna: $chatwoot.${name} has no counterpart here`);
}

function begin({ websiteToken }: Wanted): void {
  if (site.$chatwoot) return;
  const { locale, position, darkMode, hideMessageBubble } = site.chatwootSettings ?? {};
  const script = document.createElement("script");
  const data = { inbox: websiteToken, locale, position, theme: themes[String(darkMode)] };
  for (const [name, value] of Object.entries(data)) if (value) script.dataset[name] = String(value);
  script.src = `${own}/widget.js`;
  script.async = true;
  const calls: Record<string, Call> = {
    toggle: (state) => myna(state === "open" || state === "close" ? state : "toggle"),
    toggleBubbleVisibility: show,
    popoutChatWindow: () => void window.open(`${own}/widget/frame?inbox=${encodeURIComponent(websiteToken)}`, "_blank", "noopener"),
    setUser: (id, user) => {
      const hash = (user as { identifier_hash?: string } | undefined)?.identifier_hash;
      if (hash) myna("identify", { id: String(id), hash });
      else console.warn("myna: setUser needs identifier_hash; an unsigned identity is not believed");
    },
    setLocale: (tag) => myna("set", { locale: tag }),
    setColorScheme: (scheme) => myna("set", { theme: themes[String(scheme)] ?? "auto" }),
    reset: () => myna("reset"),
  };
  for (const name of ["setCustomAttributes", "deleteCustomAttribute", "setConversationCustomAttributes", "deleteConversationCustomAttribute", "setLabel", "removeLabel"]) {
    calls[name] = missing(name);
  }
  site.$chatwoot = { ...calls, isOpen: false, hasLoaded: false };
  const events: Record<string, string> = { ready: "ready", open: "opened", close: "closed", message: "on-message", error: "error" };
  for (const [name, theirs] of Object.entries(events)) {
    document.addEventListener(`myna:${name}`, (event) => {
      if (name === "ready") {
        site.$chatwoot!.hasLoaded = true;
        if (hideMessageBubble) show("hide");
      } else if (name !== "message" && name !== "error") site.$chatwoot!.isOpen = name === "open";
      window.dispatchEvent(new CustomEvent(`chatwoot:${theirs}`, { detail: (event as CustomEvent).detail }));
    });
  }
  document.head.append(script);
}

site.chatwootSDK = { run: begin };
export {};
