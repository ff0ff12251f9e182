import en from "../i18n/loader.en.json";
import zh from "../i18n/loader.zh.json";
import hant from "../i18n/loader.hant.json";
import { fill, widgetLangOf } from "../i18n";
import { HANDSHAKE, type Identity, type Settings, type ToFrame, type ToPage } from "./bridge";
import css from "./loader.css?inline";

type Command = [name: string, ...values: unknown[]];
type Entry = ((...command: Command) => void) & { q?: ArrayLike<unknown>[] };
type Listener = (detail: unknown) => void;

declare global {
  interface Window {
    myna?: Entry;
  }
}

const ICON_CHAT = "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-4.6 4.2c-.5.4-1.2.1-1.2-.6V16A2.5 2.5 0 0 1 4 13.5z";
const ICON_DOWN = "M6 9.5l6 6 6-6";

function start(script: HTMLScriptElement): void {
  const inbox = script.dataset.inbox ?? "";
  const origin = new URL(script.src).origin;
  const { color, theme, position, bubble: said, bubbleAfter, target } = script.dataset;
  const settings: Settings = { locale: script.dataset.locale ?? navigator.language };
  Object.assign(settings, color && { color }, theme && { theme }, position && { position });
  const listeners = new Map<string, Listener[]>();
  let frame: HTMLIFrameElement | null = null;
  let port: MessagePort | null = null;
  let shown = false;
  let unread = 0;
  let identity: Identity | undefined = script.dataset.identity;
  const inline = !!target;

  // A shadow root keeps the page's styles out; a constructed sheet needs no style-src from the page's policy.
  const host = document.createElement("myna-chat");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];

  const button = document.createElement("button");
  button.type = "button";
  button.dataset.testid = "myna-launcher";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.append(path);
  const badge = document.createElement("span");
  badge.setAttribute("aria-hidden", "true");
  button.append(svg, badge);
  button.addEventListener("click", () => toggle(!shown));
  const bubble = document.createElement("div");
  bubble.hidden = true;
  const say = document.createElement("button");
  say.className = "say";
  say.type = "button";
  say.dataset.testid = "myna-bubble";
  const dismiss = document.createElement("button");
  dismiss.className = "no";
  dismiss.type = "button";
  dismiss.textContent = "×";
  bubble.append(say, dismiss);
  say.addEventListener("click", () => toggle(true));
  dismiss.addEventListener("click", () => invite(""));
  root.append(bubble, button);

  function emit(name: string, detail: unknown = null): void {
    document.dispatchEvent(new CustomEvent(`myna:${name}`, { detail }));
    for (const listener of listeners.get(name) ?? []) listener(detail);
  }

  function paint(): void {
    const words = { en, zh, "zh-Hant": hant }[widgetLangOf(settings.locale)];
    button.setAttribute("aria-expanded", String(shown));
    button.setAttribute("aria-label", shown ? words.close : unread ? fill(words.unread, { n: unread }) : words.open);
    path.setAttribute("d", shown ? ICON_DOWN : ICON_CHAT);
    badge.textContent = unread > 9 ? "9+" : String(unread);
    badge.hidden = !unread || shown;
    dismiss.setAttribute("aria-label", words.dismiss);
    host.toggleAttribute("left", settings.position === "left");
    host.toggleAttribute("open", shown);
    button.style.setProperty("display", settings.launcher === false ? "none" : "", "important");
    if (settings.color && /^#[0-9a-f]{6}$/i.test(settings.color)) host.style.setProperty("--myna-accent", settings.color);
    if (settings.theme) bubble.style.colorScheme = settings.theme === "auto" ? "" : settings.theme;
    if (frame) {
      frame.title = words.title;
      frame.hidden = !shown;
    }
  }

  /** A short invitation beside the launcher, shown once in a visit; an empty one takes it away. */
  function invite(text: string): void {
    say.textContent = text;
    bubble.hidden = !text || shown || inline;
  }

  function tell(message: ToFrame): void {
    port?.postMessage(message);
  }

  function heard(message: ToPage): void {
    if (message.type === "close") return inline ? undefined : toggle(false);
    if (message.type === "unread") {
      unread = message.detail.count;
      paint();
    }
    emit(message.type, "detail" in message ? message.detail : null);
  }

  /** Each load of the frame's document gets a fresh port, and only a document of our own origin can receive it. */
  function connect(): void {
    const channel = new MessageChannel();
    port?.close();
    port = channel.port1;
    port.onmessage = (event) => heard(event.data as ToPage);
    frame!.contentWindow!.postMessage(HANDSHAKE, origin, [channel.port2]);
    tell({ type: "set", settings });
    if (identity !== undefined) tell({ type: "identify", identity });
    tell({ type: shown ? "shown" : "hidden" });
  }

  function toggle(show: boolean): void {
    if (show === shown) return;
    shown = show;
    if (show && !frame) {
      frame = document.createElement("iframe");
      frame.dataset.testid = "myna-frame";
      frame.allow = "clipboard-write";
      frame.src = `${origin}/widget/frame?${new URLSearchParams({ inbox, ...(settings as Record<string, string>), ...(inline && { inline: "1" }) })}`;
      frame.addEventListener("load", connect);
      root.append(frame);
    }
    invite("");
    paint();
    tell({ type: show ? "shown" : "hidden" });
    if (inline) return emit("open");
    if (show) frame!.focus();
    else button.focus();
    emit(show ? "open" : "close");
  }

  function run(command: Command): void {
    const [name, first, second] = command;
    if (name === "open") toggle(true);
    else if (name === "close") toggle(false);
    else if (name === "toggle") toggle(!shown);
    else if (name === "bubble") invite(String(first));
    else if (name === "on" && typeof second === "function") {
      listeners.set(String(first), [...(listeners.get(String(first)) ?? []), second as Listener]);
    } else if (name === "set") {
      Object.assign(settings, first);
      paint();
      tell({ type: "set", settings });
    } else if (name === "identify" || name === "reset") {
      identity = (first as Identity | undefined) ?? null;
      tell({ type: "identify", identity });
    } else console.warn(`myna: there is no command ${JSON.stringify(name)}`);
  }

  // Beside <body>, so that frameworks which replace the body on navigation leave the conversation alone. Inside the
  // page, the conversation lives in an element of its own and there is no launcher.
  const attach = () => {
    const place = target ? document.querySelector(target) : document.documentElement;
    if (place && host.parentNode !== place) place.append(host);
    if (place && inline) toggle(true);
  };
  host.toggleAttribute("inline", inline);
  paint();
  attach();
  new MutationObserver(attach).observe(document.documentElement, { childList: true, subtree: inline });

  const waiting = window.myna?.q ?? [];
  window.myna = (...command) => run(command);
  for (const command of Array.from(waiting)) run(Array.from(command) as Command);
  emit("ready");
  if (said) setTimeout(() => shown || invite(said), Number(bubbleAfter ?? 5) * 1000);
}

const script = document.currentScript as HTMLScriptElement | null;
// A second copy of the snippet on one page must not give a second launcher.
if (script && !document.querySelector("myna-chat")) start(script);
