import { useEffect, useState } from "preact/hooks";
import { ApiError, type User } from "../../core";
import { Appointments } from "./appointments";
import { api, complain, go, toast } from "../state/state";
import { ago, coded, t } from "../state/words";

interface Guidance {
  id: string;
  text: string;
  author: User | null;
  at: string;
}

export interface Approval {
  id: string;
  conversation: string;
  tool: string;
  arguments: Record<string, unknown>;
  asked_at: string;
  state: "waiting" | "running" | "done" | "failed" | "refused";
  decided_by: User | null;
  note: string;
  result: string;
}

interface Fact {
  name: string;
  value: string;
  expires_at: string;
}

/** What somebody may not see is not there for them. */
const unseen = (error: unknown) => {
  if (!(error instanceof ApiError)) throw error;
};
const plain = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

function ApprovalCard({ approval, changed }: { approval: Approval; changed(): void }) {
  const [busy, setBusy] = useState(false);
  const decide = async (event: SubmitEvent) => {
    event.preventDefault();
    const note = String(new FormData(event.currentTarget as HTMLFormElement).get("note") ?? "");
    const decision = (event.submitter as HTMLButtonElement | null)?.value;
    setBusy(true);
    await api().request<Approval>("POST", `/v1/approvals/${approval.id}/decide`, { body: { decision, note }, timeout_ms: 120_000 }).then((made) => toast(t(`approval.${made.state}`), made.state === "failed"), complain);
    setBusy(false);
    changed();
  };
  return (
    <li class="turn" data-testid="approval" data-state={approval.state}>
      <div class="head"><b>{approval.tool.replaceAll("_", " ")}</b><span class="faint">{t(`approval.${approval.state}`)} · {ago(approval.asked_at)}</span></div>
      <dl>{Object.entries(approval.arguments).map(([name, value]) => <><dt>{name}</dt><dd>{plain(value)}</dd></>)}</dl>
      {approval.state === "waiting" && (
        <form class="stack" onSubmit={(event) => void decide(event)}>
          <input name="note" maxLength={500} placeholder={t("approval.note")} aria-label={t("approval.note")} />
          <div class="actions">
            <button type="submit" class="primary" value="approve" disabled={busy} data-testid="approve">{t("approval.approve")}</button>
            <button type="submit" class="danger" value="refuse" disabled={busy} data-testid="refuse">{t("approval.refuse")}</button>
          </div>
        </form>
      )}
      {approval.result && <p class="pre faint">{approval.result.slice(0, 400)}</p>}
      {approval.decided_by && <span class="faint">{[approval.decided_by.name, approval.note].filter(Boolean).join(": ")}</span>}
    </li>
  );
}

/** What waits for an operator anywhere, above the list of conversations. */
export function WaitingApprovals({ changed }: { changed: unknown }) {
  const [found, setFound] = useState<Approval[]>([]);
  useEffect(() => void api().get<{ approvals: Approval[] }>("/v1/approvals").then((reply) => setFound(reply.approvals), unseen), [changed]);
  const places = [...new Set(found.map((each) => each.conversation))];
  if (!places.length) return null;
  return (
    <div class="hint" role="status" data-testid="waiting-approvals">
      {t("approval.waitingHere", { n: found.length })}{" "}
      {places.slice(0, 5).map((place, at) => <button type="button" class="link" onClick={() => go("inbox", place)}>{t("approval.open", { n: at + 1 })}</button>)}
    </div>
  );
}

/** What operators tell the agent here, what it wants to do, and what it remembers of the customer. */
export function Steering({ conversation, visitor, changed }: { conversation: string; visitor: string | undefined; changed: string }) {
  const [guidance, setGuidance] = useState<Guidance[]>([]);
  const [approvals, setApprovals] = useState<Approval[]>([]);
  const [facts, setFacts] = useState<Fact[]>([]);
  const path = `/v1/conversations/${conversation}/guidance`;
  const load = () => {
    api().get<{ guidance: Guidance[] }>(path).then((reply) => setGuidance(reply.guidance), unseen);
    api().get<{ approvals: Approval[] }>(`/v1/approvals?state=all&conversation=${conversation}`).then((reply) => setApprovals(reply.approvals), unseen);
    if (visitor) api().get<{ facts: Fact[] }>(`/v1/memory/${visitor}`).then((reply) => setFacts(reply.facts), unseen);
  };
  useEffect(load, [conversation, visitor, changed]);
  const tell = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const text = String(new FormData(form).get("text")).trim();
    const speak = (event.submitter as HTMLButtonElement | null)?.value === "speak";
    if (!text) return;
    await api().post(path, { text, speak }).then(() => form.reset(), complain);
    load();
  };
  return (
    <>
      {approvals.length > 0 && <><h2>{t("approval")}</h2><ul class="turns">{approvals.slice(0, 10).map((each) => <ApprovalCard key={each.id} approval={each} changed={load} />)}</ul></>}
      <Appointments conversation={conversation} changed={changed} />
      <h2>{t("guidance")}</h2>
      <ul class="turns">
        {guidance.map((each) => (
          <li class="turn" key={each.id} data-testid="guided">
            <p class="pre" dir="auto">{each.text}</p>
            <span class="faint">{each.author?.name} · {ago(each.at)} <button type="button" class="link" data-testid="unguide" onClick={() => void api().request("DELETE", `${path}/${each.id}`).then(load, complain)}>{t("delete")}</button></span>
          </li>
        ))}
      </ul>
      <form class="stack" onSubmit={(event) => void tell(event)}>
        <textarea name="text" rows={2} required maxLength={1000} placeholder={t("guidance.hint")} aria-label={t("guidance.hint")} data-testid="guide-text" />
        <div class="actions">
          <button type="submit" value="keep" data-testid="guide">{t("guidance.tell")}</button>
          <button type="submit" value="speak" data-testid="guide-speak">{t("guidance.speak")}</button>
        </div>
      </form>
      {facts.length > 0 && (
        <>
          <h2>{t("memory")}</h2>
          <dl data-testid="memory">{facts.map((each) => <><dt>{coded("fact", each.name)}</dt><dd>{each.value}</dd></>)}</dl>
          <div class="actions"><button type="button" class="quiet" data-testid="forget" onClick={() => void api().request("DELETE", `/v1/memory/${visitor}`).then(() => { setFacts([]); toast(t("memory.forgotten")); }, complain)}>{t("memory.forget")}</button></div>
        </>
      )}
    </>
  );
}
