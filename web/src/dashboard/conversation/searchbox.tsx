import { useEffect, useState } from "preact/hooks";
import type { Conversation } from "../../core";
import { api, complain, go } from "../state/state";
import { t } from "../state/words";

interface Hit {
  conversation: string;
  conversation_title: string;
  seq: number;
  snippet: { text: string; hit: boolean }[];
}

const AFTER_MS = 200;

/** Finds messages in everything that one may see; from:, in:, has:, before: and after: narrow it. */
export function SearchBox() {
  const [typed, setTyped] = useState("");
  const [hits, setHits] = useState<Hit[] | null>(null);
  useEffect(() => {
    if (!typed.trim()) return setHits(null);
    const timer = setTimeout(() => void api().get<{ hits: Hit[] }>(`/v1/search?limit=20&q=${encodeURIComponent(typed)}`).then((reply) => setHits(reply.hits), complain), AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const open = (hit: Hit) => api().get<Conversation>(`/v1/conversations/${hit.conversation}`).then(({ kind }) => go(kind === "support" ? "inbox" : "groups", hit.conversation), complain);
  return (
    <div class="searchbox">
      <input type="search" value={typed} placeholder={t("search")} aria-label={t("search")} data-testid="search" onInput={(event) => setTyped(event.currentTarget.value)} onKeyDown={(event) => event.key === "Escape" && setTyped("")} />
      {hits && (
        <div class="hits" role="status">
        {hits.length === 0 && <p class="faint">{t("kb.nothing")}</p>}
        <ul>
          {hits.map((hit) => (
            <li key={`${hit.conversation} ${hit.seq}`}>
              <button type="button" data-testid="search-hit" onClick={() => void open(hit)}>
                <b>{hit.conversation_title || t("visitor")}</b>
                <span>{hit.snippet.map((piece) => (piece.hit ? <mark>{piece.text}</mark> : piece.text))}</span>
              </button>
            </li>
          ))}
        </ul>
        </div>
      )}
    </div>
  );
}
