import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ApiError, type Citation, type KnowledgeBase, type Message } from "../../core";
import { Fitting } from "./fitting";
import { Icon } from "../parts/icons";
import { Confidence, Dialog, Markup } from "../parts/parts";
import { PassageDialog } from "../conversation/passage";
import { api, complain, go, toast } from "../state/state";
import { coded, t } from "../state/words";

interface Suggestion {
  question: string;
  text: string | null;
  plain: string | null;
  citations: Citation[];
  reason: string;
  confidence: number;
  threshold: number;
}

interface Similar {
  cases: { conversation: string; words: string[]; snippet: { text: string; hit: boolean }[] }[];
  labels: string[];
  macros: string[];
}

/** Text that the copilot puts into the composer of a conversation. */
export const inserted = signal<{ conversation: string; text: string } | null>(null);

/** Helps whoever answers: a suggested reply, a summary, the knowledge base, cases like this one. */
export function Copilot({ conversation }: { conversation: string }) {
  const [suggested, setSuggested] = useState<Suggestion | null>(null);
  const [summary, setSummary] = useState<string | null>(null);
  const [similar, setSimilar] = useState<Similar | null>(null);
  const [busy, setBusy] = useState("");
  const [citation, setCitation] = useState<Citation | null>(null);
  const root = `/v1/conversations/${conversation}/copilot`;
  const run = async (what: string, work: () => Promise<unknown>) => {
    setBusy(what);
    await work().catch(complain);
    setBusy("");
  };
  const ask = (event: SubmitEvent) => {
    event.preventDefault();
    const question = String(new FormData(event.currentTarget as HTMLFormElement).get("question")).trim();
    if (question) void run("ask", () => api().post<Suggestion>("/v1/copilot/ask", { question }).then(setSuggested));
  };
  return (
    <div class="stack" data-testid="copilot">
      <h2>{t("copilot")}</h2>
      <div class="actions">
        <button type="button" disabled={!!busy} data-testid="copilot-reply" onClick={() => void run("reply", () => api().post<Suggestion>(`${root}/reply`).then(setSuggested))}>{t("copilot.reply")}</button>
        <button type="button" disabled={!!busy} data-testid="copilot-summary" onClick={() => void run("summary", () => api().post<{ summary: string }>(`${root}/summary`).then((reply) => setSummary(reply.summary)))}>{t("copilot.summary")}</button>
        <button type="button" disabled={!!busy} data-testid="copilot-similar" onClick={() => void run("similar", () => api().get<Similar>(`${root}/similar`).then(setSimilar))}>{t("copilot.similar")}</button>
      </div>
      <form class="inline" onSubmit={ask}>
        <input name="question" maxLength={2000} placeholder={t("copilot.ask")} aria-label={t("copilot.ask")} data-testid="copilot-ask" />
        <button type="submit" class="icon" disabled={!!busy} aria-label={t("kb.search")}><Icon name="search" /></button>
      </form>
      <div role="status" class="stack">
        {suggested && (
          <div class="turn" data-testid="suggestion">
            {suggested.text ? <Markup text={suggested.text} citations={suggested.citations} open={setCitation} /> : <p class="faint">{t("copilot.nothing")}</p>}
            <span class="faint">{coded("reason", suggested.reason)}</span>
            <Confidence value={suggested.confidence} threshold={suggested.threshold} />
            {suggested.plain && <div class="actions"><button type="button" class={suggested.confidence >= suggested.threshold ? "primary" : ""} data-testid="copilot-insert" onClick={() => (inserted.value = { conversation, text: suggested.plain! })}>{t("copilot.insert")}</button></div>}
          </div>
        )}
        {summary !== null && <p class="turn pre" data-testid="copilot-summarised">{summary}</p>}
        {similar && similar.cases.length === 0 && <p class="faint">{t("copilot.noSimilar")}</p>}
        {similar?.cases.map((each) => <button type="button" class="turn link" data-testid="similar-case" onClick={() => go("inbox", each.conversation)}>{each.snippet.map((piece) => (piece.hit ? <mark>{piece.text}</mark> : piece.text))}</button>)}
        {similar && <Fitting conversation={conversation} labels={similar.labels} macros={similar.macros} />}
      </div>
      {citation && <PassageDialog citation={citation} close={() => setCitation(null)} />}
    </div>
  );
}

/** The agent's answer was wrong: what was wrong, and perhaps what is right. */
export function WrongDialog({ message, close }: { message: Message; close(): void }) {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const body = { note: form.get("note"), right: form.get("right"), guard: form.has("guard") };
    await api().post(`/v1/conversations/${message.conversation}/messages/${message.seq}/wrong`, body).then(() => { toast(t("wrong.marked")); close(); }, complain);
  };
  return (
    <Dialog title={t("wrong")} close={close} testid="wrong-dialog">
      <form class="stack" onSubmit={submit}>
        <blockquote>{message.body.text}</blockquote>
        <label>{t("wrong.note")}<textarea name="note" rows={2} maxLength={2000} data-testid="wrong-note" /></label>
        <label>{t("wrong.right")}<textarea name="right" rows={2} maxLength={8000} data-testid="wrong-right" /></label>
        <label class="check"><input type="checkbox" name="guard" data-testid="wrong-guard" />{t("wrong.guard")}</label>
        <button type="submit" class="primary" data-testid="wrong-save">{t("wrong")}</button>
      </form>
    </Dialog>
  );
}

/** An answer becomes an entry of a knowledge base. */
export function FaqDialog({ message, question, close }: { message: Message; question: string; close(): void }) {
  const [bases, setBases] = useState<KnowledgeBase[]>([]);
  useEffect(() => {
    api().get<{ bases: KnowledgeBase[] }>("/v1/knowledge-bases").then((reply) => setBases(reply.bases), (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
  }, []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const body = { base: form.get("base"), question: form.get("question"), answer: form.get("answer") };
    await api().post(`/v1/conversations/${message.conversation}/messages/${message.seq}/faq`, body).then(() => { toast(t("faq.made")); close(); }, complain);
  };
  return (
    <Dialog title={t("faq")} close={close} testid="faq-dialog">
      <form class="stack" onSubmit={submit}>
        <label>{t("faq.base")}<select name="base" required>{bases.map((each) => <option value={each.id}>{each.name}</option>)}</select></label>
        <label>{t("kb.question")}<input name="question" required maxLength={2000} defaultValue={question} data-testid="faq-into-question" /></label>
        <label>{t("kb.answer")}<textarea name="answer" required rows={4} defaultValue={(message.body.text ?? "").replace(/ ?\[\d+\]/g, "")} data-testid="faq-into-answer" /></label>
        <button type="submit" class="primary" data-testid="faq-save" disabled={!bases.length}>{t("faq")}</button>
      </form>
    </Dialog>
  );
}
