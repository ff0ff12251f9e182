import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { labelChanges } from "./giving";
import type { Label, Macro } from "../settings/deskadmin";
import { api, complain, toast } from "../state/state";
import { t } from "../state/words";

interface Promise_ {
  name: string;
  due_at: string;
  met_at: string | null;
  breached: boolean;
}

/** Labels of a conversation, macros that run on it, and what was promised. */
export function DeskSide({ conversation, changed }: { conversation: string; changed: unknown }) {
  const [all, setAll] = useState<Label[]>([]);
  const [on, setOn] = useState<string[]>([]);
  const [macros, setMacros] = useState<Macro[]>([]);
  const [promises, setPromises] = useState<Promise_[]>([]);
  const quietly = (error: unknown) => {
    if (!(error instanceof ApiError)) throw error;
  };
  useEffect(() => {
    api().get<{ labels: Label[] }>("/v1/desk/labels").then((reply) => setAll(reply.labels), quietly);
    api().get<{ macros: Macro[] }>("/v1/desk/macros").then((reply) => setMacros(reply.macros), quietly);
  }, []);
  const look = () => api().get<{ labels: string[] }>(`/v1/conversations/${conversation}/labels`).then((reply) => setOn(reply.labels), quietly);
  useEffect(() => {
    void look();
    api().get<{ promises: Promise_[] }>(`/v1/conversations/${conversation}/promises`).then((reply) => setPromises(reply.promises), quietly);
  }, [conversation, changed, labelChanges.value]);
  const toggle = (label: string) => api().request<{ labels: string[] }>("PUT", `/v1/conversations/${conversation}/labels/${label}`, { body: { on: !on.includes(label) } }).then((reply) => setOn(reply.labels), complain);
  const run = (macro: Macro) => api().post(`/v1/conversations/${conversation}/macros/${macro.id}`).then(() => { toast(t("desk.ran", { name: macro.name })); return look(); }, complain);
  return (
    <>
      {all.length > 0 && <div class="sources" role="group" aria-label={t("desk.labels")}>{all.map((each) => <button type="button" class={`chip small ${on.includes(each.id) ? "on" : ""}`} aria-pressed={on.includes(each.id)} data-testid="put-label" onClick={() => void toggle(each.id)}>{each.name}</button>)}</div>}
      {macros.length > 0 && <div class="sources" role="group" aria-label={t("desk.macros")}>{macros.map((each) => <button type="button" class="chip small" data-testid="run-macro" onClick={() => void run(each)}>▸ {each.name}</button>)}</div>}
      {promises.length > 0 && (
        <dl>{promises.map((each) => <><dt>{t(`desk.promise.${each.name}` as "desk.labels") ?? each.name}</dt><dd class={each.breached ? "warn" : ""}>{each.met_at ? "✓" : new Date(each.due_at).toLocaleString()}</dd></>)}</dl>
      )}
    </>
  );
}
