import { useState } from "preact/hooks";
import type { FormField } from "../../core";
import { api, complain, toast } from "../state/state";
import { t } from "../state/words";

const KINDS = ["text", "email", "choice", "bool"] as const;
type Question = Pick<FormField, "name" | "label" | "kind" | "required" | "options">;

/** What visitors are asked before their first message. */
export function Prechat({ inbox, questions, saved }: { inbox: string; questions: Question[]; saved(): void }) {
  const [list, setList] = useState(questions);
  const change = (at: number, part: Partial<Question>) => setList(list.map((each, index) => (index === at ? { ...each, ...part } : each)));
  const save = async () => {
    const prechat = list.filter((each) => each.label.trim()).map((each, at) => ({
      name: each.name || (each.kind === "email" ? "email" : at === 0 && each.kind === "text" ? "name" : `q${at + 1}`),
      label: each.label.trim(),
      kind: each.kind,
      required: !!each.required,
      options: each.kind === "choice" ? (each.options ?? []) : [],
    }));
    await api().request("PATCH", `/v1/inboxes/${encodeURIComponent(inbox)}`, { body: { prechat } }).then(() => {
      toast(t("settings.saved"));
      saved();
    }, complain);
  };
  return (
    <div class="stack" data-testid="prechat">
      <h3>{t("prechat")}</h3>
      <p class="faint">{t("prechat.hint")}</p>
      {list.map((each, at) => (
        <div class="rowform" key={at}>
          <input value={each.label} placeholder={t("prechat.label")} aria-label={t("prechat.label")} maxLength={200} data-testid="question" onInput={(event) => change(at, { label: event.currentTarget.value })} />
          <select value={each.kind} aria-label={t("prechat.kind")} data-testid="question-kind" onChange={(event) => change(at, { kind: event.currentTarget.value as Question["kind"], name: "" })}>
            {KINDS.map((kind) => <option value={kind}>{t(`prechat.${kind}`)}</option>)}
          </select>
          {each.kind === "choice" && <input value={(each.options ?? []).join(", ")} placeholder={t("prechat.options")} aria-label={t("prechat.options")} onChange={(event) => change(at, { options: event.currentTarget.value.split(/[,，]/).map((option) => option.trim()).filter(Boolean) })} />}
          <label class="check"><input type="checkbox" checked={!!each.required} onChange={(event) => change(at, { required: event.currentTarget.checked })} />{t("prechat.required")}</label>
          <button type="button" class="quiet" aria-label={`${t("delete")} ${each.label}`} onClick={() => setList(list.filter((_, index) => index !== at))}>{t("delete")}</button>
        </div>
      ))}
      <div class="actions">
        {list.length < 10 && <button type="button" data-testid="add-question" onClick={() => setList([...list, { name: "", label: "", kind: "text", required: false }])}>{t("prechat.add")}</button>}
        <button type="button" class="primary" data-testid="save-prechat" onClick={() => void save()}>{t("save")}</button>
      </div>
    </div>
  );
}
