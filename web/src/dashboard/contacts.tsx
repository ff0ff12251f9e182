import { useEffect, useState } from "preact/hooks";
import type { User } from "../core";
import { Avatar, Empty, Trouble } from "./parts";
import { api } from "./state";
import { VirtualList } from "./virtual";
import { ago, t } from "./words";

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
        {!!error && <Trouble error={error} retry={() => void load()} />}
        {page?.contacts.length === 0 && <Empty title={t(search ? "kb.nothing" : "contacts.empty")} hint={search ? "" : t("contacts.emptyHint")} />}
        {!!page?.contacts.length && (
          <section class="card table">
            <VirtualList rows={page.contacts} height={60} keyOf={(row) => row.user.id} more={more}>
              {(row) => (
                <a class="item" href={`#/inbox/${row.conversation}`} data-testid="contact">
                  <Avatar name={row.user.name} kind="visitor" />
                  <span class="lines">
                    <b>{row.user.name}</b>
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
