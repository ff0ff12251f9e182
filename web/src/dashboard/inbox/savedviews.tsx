import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { listKey, narrowed, view, type Narrowed, type View } from "../state/desk";
import { Icon } from "../parts/icons";
import { Dialog } from "../parts/parts";
import { api, complain, mirror } from "../state/state";
import { t, type Word } from "../state/words";

export interface SavedView extends Narrowed {
  id: string;
  name: string;
  view: View;
}

interface Choice {
  id: string;
  name: string;
}

export const savedViews = signal<SavedView[]>([]);

async function load(): Promise<void> {
  savedViews.value = (await mirror.value?.recall<SavedView[]>("views")) ?? savedViews.value;
  savedViews.value = (await api().get<{ views: SavedView[] }>("/v1/views")).views;
  mirror.value?.keep("views", savedViews.value);
}

export function chooseView({ view: wanted, label, inbox, owner }: SavedView): void {
  view.value = wanted;
  narrowed.value = { label, inbox, owner };
}

const keyOf = (saved: SavedView) => saved.view + (["label", "inbox", "owner"] as const).filter((each) => saved[each]).map((each) => `&${each}=${saved[each]}`).join("");

function Filter({ close }: { close(): void }) {
  const [choices, setChoices] = useState<Record<keyof Narrowed, Choice[]> | null>(null);
  useEffect(() => {
    const all = Promise.all([
      api().get<{ labels: Choice[] }>("/v1/desk/labels"),
      api().get<{ inboxes: Choice[] }>("/v1/inboxes"),
      api().get<{ users: (Choice & { role: string | null })[] }>("/v1/people"),
    ]);
    all.then(([labels, inboxes, people]) => setChoices({ label: labels.labels, inbox: inboxes.inboxes, owner: people.users.filter((each) => ["owner", "admin", "operator"].includes(each.role ?? "")) }), complain);
  }, []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const chosen = Object.fromEntries(["label", "inbox", "owner"].map((name) => [name, String(form.get(name) ?? "") || null]));
    narrowed.value = chosen;
    const name = String(form.get("name")).trim();
    try {
      if (name) {
        await api().request("PUT", "/v1/views", { body: { name, view: view.value, ...chosen } });
        await load();
      }
      close();
    } catch (error) {
      complain(error);
    }
  };
  const remove = (id: string) => api().request("DELETE", `/v1/views/${id}`).then(load).catch(complain);
  return (
    <Dialog title={t("views.filter")} close={close} testid="filter-dialog">
      {choices && (
        <form class="stack" onSubmit={submit}>
          <p class="faint">{t("views.hint", { view: t(`view.${view.value}`) })}</p>
          {(["label", "inbox", "owner"] as const).map((name) => (
            <label>{t(`views.${name}` as Word)}
              <select name={name} data-testid={`filter-${name}`} defaultValue={narrowed.value[name] ?? ""}>
                <option value="">{t("views.any")}</option>
                {choices[name].map((each) => <option value={each.id} selected={narrowed.value[name] === each.id}>{each.name}</option>)}
              </select>
            </label>
          ))}
          <label>{t("views.name")}<input name="name" maxLength={60} data-testid="view-name" /></label>
          <button type="submit" class="primary" data-testid="apply-filter">{t("views.apply")}</button>
        </form>
      )}
      {savedViews.value.length > 0 && (
        <>
          <h3>{t("views.saved")}</h3>
          <ul class="sourcelist">
            {savedViews.value.map((each) => (
              <li class="source" key={each.id}><div class="who">{each.name}</div><button type="button" class="quiet" aria-label={`${t("delete")} ${each.name}`} data-testid="remove-view" onClick={() => void remove(each.id)}>{t("delete")}</button></li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}

/** Views that one keeps, and the filter that makes them. */
export function SavedViews() {
  const [open, setOpen] = useState(false);
  useEffect(() => void load().catch(complain), []);
  const now = listKey();
  return (
    <div class="saved" role="group" aria-label={t("views.saved")}>
      {savedViews.value.map((each) => <button type="button" class={`chip small ${keyOf(each) === now ? "on" : ""}`} aria-pressed={keyOf(each) === now} key={each.id} data-testid="saved-view" onClick={() => chooseView(each)}>{each.name}</button>)}
      <button type="button" class="chip small" data-testid="filter" onClick={() => setOpen(true)}><Icon name="plus" /> {t("views.filter")}</button>
      {now !== view.value && <button type="button" class="link" data-testid="clear-filter" onClick={() => (narrowed.value = {})}>{t("views.clear")}</button>}
      {open && <Filter close={() => setOpen(false)} />}
    </div>
  );
}
