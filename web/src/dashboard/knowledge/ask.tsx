import { useState } from "preact/hooks";
import type { Passage } from "../../core";
import { Icon } from "../parts/icons";
import { Confidence, Trouble } from "../parts/parts";
import { api } from "../state/state";
import { t } from "../state/words";

interface Found {
  passages: Passage[];
  confidence: number;
  threshold: number;
  answerable: boolean;
}

/** What the AI would find for a question, and whether that is enough for an answer. */
export function Ask({ root }: { root: string }) {
  const [found, setFound] = useState<Found | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [query, setQuery] = useState("");
  const search = () =>
    api().post<Found>(`${root}/search`, { query, k: 6 }).then((reply) => {
      setFound(reply);
      setError(null);
    }, setError);
  return (
    <section class="card">
      <h2>{t("kb.ask")}</h2>
      <p class="faint">{t("kb.askHint")}</p>
      <form class="searchbox" role="search" onSubmit={(event) => { event.preventDefault(); if (query.trim()) void search(); }}>
        <input value={query} onInput={(event) => setQuery(event.currentTarget.value)} placeholder={t("kb.askPlaceholder")} aria-label={t("kb.ask")} data-testid="kb-query" />
        <button type="submit" class="icon primary" aria-label={t("kb.search")} data-testid="kb-search"><Icon name="search" /></button>
      </form>
      {!!error && <Trouble error={error} retry={() => void search()} />}
      {found && (
        <div class="found" data-testid="kb-result" data-answerable={String(found.answerable)}>
          <b class={found.answerable ? "yes" : "no"}>{found.answerable ? t("kb.answerable") : t("kb.notAnswerable")}</b>
          <Confidence value={found.confidence} threshold={found.threshold} />
          {found.passages.length === 0 && <p class="faint">{t("kb.nothing")}</p>}
          <ol>
            {found.passages.map((each) => (
              <li data-testid="kb-passage">
                <b>{[each.title, each.heading].filter(Boolean).join(" › ")}</b>{" "}
                {each.score !== undefined && <span class="faint">{each.score.toFixed(2)}</span>}
                <p class="pre">{each.text}</p>
              </li>
            ))}
          </ol>
        </div>
      )}
    </section>
  );
}
