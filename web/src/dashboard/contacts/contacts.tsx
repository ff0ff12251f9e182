import { useEffect, useState } from "preact/hooks";
import type { User } from "../../core";
import { Avatar, Empty, Trouble } from "../parts/parts";
import { api } from "../state/state";
import { VirtualList } from "../parts/virtual";
import { ago, t } from "../state/words";

interface Contact {
  user: User;
  conversations: number;
  conversation: string;
  first_at: string;
  last_at: string;
}

interface Page {
  contacts: Contact[];
  next: string | null;
}

const SEARCH_AFTER_MS = 180;
const LOOK_EVERY_MS = 10_000;
let known: Page | null = null;

/** Everybody who has ever written, and the way to what they wrote. */
export function Contacts() {
  const [search, setSearch] = useState("");
  const [page, setPage] = useState<Page | null>(known);
  const [error, setError] = useState<unknown>(null);
  const fetchPage = (after: string | null) => {
    const query = new URLSearchParams({ search, limit: "50", ...(after ? { after } : {}) });
    return api().get<Page>(`/v1/contacts?${query}`);
  };
  const load = () => fetchPage(null).then((found) => {
    if (!search) known = found;
    setPage(found);
    setError(null);
  }, setError);
  useEffect(() => {
    const timer = setTimeout(() => void load(), search ? SEARCH_AFTER_MS : 0);
    return () => clearTimeout(timer);
  }, [search]);
  const [busy, setBusy] = useState(false);
  const [live, setLive] = useState<Record<string, string>>({});
  const ids = page?.contacts.slice(0, 100).map((each) => each.user.id).join(",") ?? "";
  useEffect(() => {
    if (!ids) return;
    const look = () => api().get<{ users: Record<string, [string, unknown]> }>(`/v1/presence?ids=${ids}`).then((reply) => setLive(Object.fromEntries(Object.entries(reply.users).map(([id, [state]]) => [id, state]))), () => setLive({}));
    void look();
    const timer = setInterval(() => document.hidden || void look(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [ids]);
  const [onlyLive, setOnlyLive] = useState(false);
  const here = (row: Contact) => !!live[row.user.id] && live[row.user.id] !== "offline";
  const shown = page?.contacts.filter((row) => !onlyLive || here(row)) ?? [];
  const more = () => {
    if (busy || !page?.next) return;
    setBusy(true);
    fetchPage(page.next).then((found) => setPage({ contacts: [...page.contacts, ...found.contacts], next: found.next }), setError).finally(() => setBusy(false));
  };
  return (
    <div class="screen one">
      <div class="column">
        <h1>{t("contacts")}</h1>
        <input type="search" value={search} placeholder={t("contacts.search")} aria-label={t("contacts.search")} data-testid="contact-search" onInput={(event) => setSearch(event.currentTarget.value)} />
        <div class="views" role="tablist" aria-label={t("contacts")}>
          <button type="button" role="tab" aria-selected={!onlyLive} onClick={() => setOnlyLive(false)}>{t("contacts.all")}</button>
          <button type="button" role="tab" aria-selected={onlyLive} data-testid="contacts-live" onClick={() => setOnlyLive(true)}>{t("contacts.live")} <span class="count">{page?.contacts.filter(here).length || ""}</span></button>
        </div>
        {!!error && <Trouble error={error} retry={() => void load()} />}
        {page?.contacts.length === 0 && <Empty title={t(search ? "kb.nothing" : "contacts.empty")} hint={search ? "" : t("contacts.emptyHint")} />}
        {onlyLive && shown.length === 0 && <Empty title={t("contacts.nobody")} hint={t("contacts.nobodyHint")} />}
        {shown.length > 0 && (
          <section class="card table">
            <VirtualList rows={shown} height={60} keyOf={(row) => row.user.id} more={more}>
              {(row) => (
                <a class="item" href={`#/inbox/${row.conversation}`} data-testid="contact">
                  <Avatar name={row.user.name} kind="visitor" />
                  <span class="lines">
                    <b>{row.user.name} {here(row) && <i class="tag" data-testid="live">{t("contacts.here")}</i>}</b>
                    <span class="preview">{[row.user.locale, t("contacts.count", { n: row.conversations }), t("contacts.since", { at: ago(row.first_at) })].join(" · ")}</span>
                  </span>
                  <time class="faint">{ago(row.last_at)}</time>
                </a>
              )}
            </VirtualList>
          </section>
        )}
      </div>
    </div>
  );
}
