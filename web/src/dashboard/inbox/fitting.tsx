import { useEffect, useState } from "preact/hooks";
import { labelChanges } from "./giving";
import { api, complain, toast } from "../state/state";
import { t } from "../state/words";

interface Named {
  id: string;
  name: string;
}

/** Labels that similar cases have, and macros whose words fit: one click puts or runs each. Nothing happens by itself. */
export function Fitting({ conversation, labels, macros }: { conversation: string; labels: string[]; macros: string[] }) {
  const [names, setNames] = useState(new Map<string, string>());
  useEffect(() => {
    const lists = [
      api().get<{ labels: Named[] }>("/v1/desk/labels").then((reply) => reply.labels),
      api().get<{ macros: Named[] }>("/v1/desk/macros").then((reply) => reply.macros),
    ];
    Promise.all(lists).then((found) => setNames(new Map(found.flat().map((each) => [each.id, each.name]))), complain);
  }, [conversation]);
  const path = `/v1/conversations/${conversation}`;
  const put = (id: string) =>
    api().request("PUT", `${path}/labels/${id}`, { body: { on: true } }).then(() => { labelChanges.value++; }, complain);
  const run = (id: string) =>
    api().post(`${path}/macros/${id}`).then(() => { labelChanges.value++; toast(t("desk.ran", { name: names.get(id) ?? "" })); }, complain);
  const known = (ids: string[]) => ids.filter((id) => names.has(id));
  if (!known([...labels, ...macros]).length) return null;
  return (
    <div class="sources" role="group" aria-label={t("copilot.fitting")} data-testid="fitting">
      {known(labels).map((id) => <button type="button" class="chip small" data-testid="suggested-label" onClick={() => void put(id)}>+ {names.get(id)}</button>)}
      {known(macros).map((id) => <button type="button" class="chip small" data-testid="suggested-macro" onClick={() => void run(id)}>▸ {names.get(id)}</button>)}
    </div>
  );
}
