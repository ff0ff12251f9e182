import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, type User } from "../../core";
import { api, complain, explain } from "../state/state";
import { t } from "../state/words";

/** A bot that can be asked for something to send, whether it is a member here or not. */
interface InlineBot {
  id: string;
  name: string;
  handle: string;
  /** What it can be asked for. */
  hint: string;
}

interface Found {
  /** The question that it answers: a further page is a question of its own. */
  query: string;
  id: string;
  title: string;
  description: string;
  thumbnail: string;
}

interface Page {
  id: string;
  results: Omit<Found, "query">[];
  next_offset: string;
}

interface Asked {
  bot: InlineBot;
  query: string;
}

/** Long enough that a word is not asked for letter by letter. */
const PAUSE_MS = 300;
const MAX_QUERY = 256;

/** `@handle` at the start, a space, and what is asked for. */
function askedIn(text: string, bots: readonly InlineBot[]): Asked | null {
  const [, handle, query = ""] = /^@(\w+)\s([\s\S]*)$/.exec(text) ?? [];
  const bot = handle && bots.find((each) => each.handle.toLowerCase() === handle.toLowerCase());
  return bot && query.length <= MAX_QUERY ? { bot, query: query.trim() } : null;
}

/** Where a chosen result goes. */
export interface Place {
  reply_to: number | null;
  thread: number | null;
}

export interface Inline {
  /** What is asked of which bot, or null when nothing is. */
  asked: Asked | null;
  found: Found[];
  /** Whether there is a further page. */
  more: boolean;
  busy: boolean;
  error: unknown;
  /** Which row is picked out by the keyboard: -1 none, as many as were found the one for more. */
  at: number;
  /** Bots whose user name begins with what is written, as far as they are not called by name already. */
  named(people: readonly User[]): User[];
  /** Arrows pick a row out, Enter takes it, Escape closes; false for every other key, and for Enter with none picked out. */
  key(name: string): boolean;
  take(index: number): void;
  again(): void;
}

/** Inline mode: while the text is `@bot words`, what the bot finds for the words. `sent` is called when a result was sent. */
export function useInline(conversation: string, text: string, off: boolean, place: () => Place, sent: () => void): Inline {
  const [bots, setBots] = useState<InlineBot[]>([]);
  const [found, setFound] = useState<Found[]>([]);
  const [next, setNext] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [at, setAt] = useState(-1);
  const [closed, setClosed] = useState(false);
  const running = useRef<AbortController | null>(null);
  const calling = !off && text.startsWith("@");
  const asked = calling && !closed ? askedIn(text, bots) : null;
  const path = `/v1/conversations/${conversation}/inline`;

  useEffect(() => {
    if (!calling) return setClosed(false);
    // Without them a name stays a name.
    api().get<{ bots: InlineBot[] }>(path).then((reply) => setBots(reply.bots), (failed) => failed instanceof ApiError || Promise.reject(failed));
  }, [calling, conversation]);

  const ask = async (offset: string) => {
    if (!asked) return;
    running.current?.abort();
    const mine = (running.current = new AbortController());
    setBusy(true);
    setError(null);
    try {
      const page = await api().request<Page>("POST", path, { body: { bot: asked.bot.handle, query: asked.query, offset }, signal: mine.signal });
      if (mine.signal.aborted) return;
      const rows = page.results.map((each) => ({ ...each, query: page.id }));
      setFound((before) => (offset ? [...before, ...rows] : rows));
      setNext(page.next_offset);
    } catch (failed) {
      if (mine.signal.aborted) return;
      setError(failed);
    }
    setBusy(false);
  };
  useEffect(() => {
    setFound([]);
    setNext("");
    setError(null);
    setAt(-1);
    setBusy(!!asked);
    const wait = setTimeout(() => void ask(""), PAUSE_MS);
    return () => {
      clearTimeout(wait);
      running.current?.abort();
    };
  }, [asked?.bot.id, asked?.query, conversation]);

  const choose = async (result: Found) => {
    try {
      await api().post(`${path}/choice`, { query: result.query, result: result.id, ...place() }, { "Idempotency-Key": crypto.randomUUID() });
      sent();
    } catch (failed) {
      complain(failed);
    }
  };
  const take = (index: number) => {
    const result = found[index];
    if (result) void choose(result);
    else if (next && !busy) void ask(next);
  };
  const rows = found.length + (next ? 1 : 0);
  const key = (name: string) => {
    if (!asked) return false;
    if (name === "Escape") setClosed(true);
    else if (name === "Enter" && at >= 0) take(at);
    else if (name === "ArrowDown" && rows) setAt((at + 1) % rows);
    else if (name === "ArrowUp" && rows) setAt(at <= 0 ? rows - 1 : at - 1);
    else return false;
    return true;
  };
  return {
    asked, found, more: next !== "", busy, error, at,
    named: (people) => {
      const typed = calling ? /^@(\w*)$/.exec(text)?.[1]?.toLowerCase() : undefined;
      if (typed === undefined) return [];
      return bots
        .filter((each) => each.handle.toLowerCase().startsWith(typed) && !people.some((one) => one.id === each.id))
        .map((each) => ({ id: each.id, kind: "bot", handle: each.hint, name: each.handle, locale: "", agent: false }));
    },
    key,
    take,
    again: () => void ask(found.length ? next : ""),
  };
}

function trouble(bot: InlineBot, error: unknown): string {
  return error instanceof ApiError && error.code === "no_answer" ? t("inline.silent", { bot: bot.handle }) : explain(error);
}

/** What the bot found, above where one writes. */
export function InlineList({ inline }: { inline: Inline }) {
  const { asked, found, more, busy, error, at } = inline;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [at]);
  if (!asked) return null;
  const press = (index: number) => (event: PointerEvent) => {
    event.preventDefault();
    inline.take(index);
  };
  return (
    <div class="replies finds" data-testid="inline">
      <p class="faint" role="status" data-testid="inline-status">
        <b>@{asked.bot.handle}</b>{" "}
        {error ? <span class="warn">{trouble(asked.bot, error)}</span> : busy ? t("inline.asking") : found.length ? t("inline.hint") : asked.query ? t("inline.none", { query: asked.query }) : asked.bot.hint}
        {!!error && <button type="button" class="link" data-testid="inline-again" onClick={inline.again}>{t("retry")}</button>}
      </p>
      {found.length > 0 && (
        <ul role="listbox" id="inline" ref={list} aria-label={t("inline.results", { bot: asked.bot.handle })} aria-busy={busy}>
          {found.map((each, index) => (
            <li role="option" id={`inline-${index}`} key={`${each.query} ${each.id}`} aria-selected={index === at} data-testid="inline-result" onPointerDown={press(index)}>
              {each.thumbnail.startsWith("https://") && <img src={each.thumbnail} alt="" referrerpolicy="no-referrer" loading="lazy" />}
              <span><b>{each.title}</b>{each.description && <span class="faint">{each.description}</span>}</span>
            </li>
          ))}
          {more && <li role="option" id={`inline-${found.length}`} aria-selected={at === found.length} data-testid="inline-more" onPointerDown={press(found.length)}>{t("inline.more")}</li>}
        </ul>
      )}
    </div>
  );
}
