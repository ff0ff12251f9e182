import { useEffect, useState } from "preact/hooks";
import type { Job, Source } from "../../core";
import { Empty, Trouble } from "../parts/parts";
import { api, complain, go, toast } from "../state/state";
import { ago, coded, t } from "../state/words";

interface Gap {
  id: string;
  question: string;
  lang: string | null;
  state: "open" | "resolved" | "dismissed";
  questions: number;
  conversations: number;
  last_at: string;
}

interface OpenGap extends Gap {
  asked: { conversation: string; seq: number; text: string; at: string }[];
  answers: { conversation: string; seq: number; text: string; at: string }[];
  draft: { question: string; answer: string; variants: string[]; lang: string | null; replaces: string | null; was: string | null };
}

const GAP_STATES = ["open", "resolved", "dismissed"] as const;
const linesOf = (text: FormDataEntryValue | null) => String(text ?? "").split("\n").map((line) => line.trim()).filter(Boolean);

function Draft({ root, gap, done }: { root: string; gap: OpenGap; done(): void }) {
  const { draft } = gap;
  const [replaces, setReplaces] = useState(!!draft.replaces);
  const accept = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const body = { question: form.get("question"), answer: form.get("answer"), variants: linesOf(form.get("variants")), lang: draft.lang, replaces: replaces ? draft.replaces : null };
    await api().post<{ source: Source; job: Job }>(`${root}/gaps/${gap.id}/accept`, body).then(() => {
      toast(t("gaps.accepted"));
      done();
    }, complain);
  };
  return (
    <form class="stack" onSubmit={accept} data-testid="gap-draft">
      <label>{t("kb.question")}<input name="question" required maxLength={500} defaultValue={draft.question} data-testid="gap-question" /></label>
      <label>{t("kb.variants")}<textarea name="variants" rows={Math.min(6, draft.variants.length + 1)} defaultValue={draft.variants.join("\n")} /></label>
      <label>{t("kb.answer")}<textarea name="answer" required rows={4} defaultValue={draft.answer} placeholder={t("gaps.noAnswer")} data-testid="gap-answer" /></label>
      {draft.replaces && (
        <label class="check"><input type="checkbox" checked={replaces} onChange={(event) => setReplaces(event.currentTarget.checked)} />{t("gaps.replaces", { was: draft.was ?? "" })}</label>
      )}
      <div class="actions">
        <button type="submit" class="primary" data-testid="gap-accept">{t("gaps.accept")}</button>
        <button type="button" onClick={() => void api().post(`${root}/gaps/${gap.id}/dismiss`).then(done, complain)}>{t("gaps.dismiss")}</button>
      </div>
    </form>
  );
}

function GapCard({ root, gap, changed }: { root: string; gap: Gap; changed(): void }) {
  const [open, setOpen] = useState<OpenGap | null>(null);
  const toggle = () => (open ? setOpen(null) : void api().get<OpenGap>(`${root}/gaps/${gap.id}`).then(setOpen, complain));
  const quotes = (list: OpenGap["asked"]) => list.map((each) => <li><button type="button" class="link" onClick={() => go("inbox", each.conversation)}>{each.text}</button> <span class="faint">{ago(each.at)}</span></li>);
  return (
    <li class="card" data-testid="gap">
      <div class="head">
        <div class="who"><b dir="auto">{gap.question}</b><span class="faint">{t("gaps.count", { n: gap.questions, c: gap.conversations })} · {ago(gap.last_at)}</span></div>
        {gap.state === "open"
          ? <button type="button" aria-expanded={!!open} onClick={toggle} data-testid="gap-open">{t("details")}</button>
          : <button type="button" onClick={() => void api().post(`${root}/gaps/${gap.id}/reopen`).then(changed, complain)}>{t("gaps.reopen")}</button>}
      </div>
      {open && (
        <>
          <h2>{t("gaps.asked")}</h2><ul class="quotes">{quotes(open.asked)}</ul>
          {open.answers.length > 0 && <><h2>{t("gaps.answers")}</h2><ul class="quotes">{quotes(open.answers)}</ul></>}
          <h2>{t("gaps.draft")}</h2>
          <Draft root={root} gap={open} done={changed} />
        </>
      )}
    </li>
  );
}

/** What agents could not answer, the most asked first, each with a proposed entry. */
export function Gaps({ root }: { root: string }) {
  const [state, setState] = useState<Gap["state"]>("open");
  const [gaps, setGaps] = useState<Gap[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = () => api().get<{ gaps: Gap[] }>(`${root}/gaps?state=${state}`).then((reply) => { setGaps(reply.gaps); setError(null); }, setError);
  useEffect(() => void load(), [root, state]);
  return (
    <>
      <div class="views" role="tablist" aria-label={t("kb.gaps")}>
        {GAP_STATES.map((each) => <button type="button" role="tab" aria-selected={each === state} onClick={() => setState(each)}>{t(`gaps.${each}`)}</button>)}
      </div>
      {!!error && <Trouble error={error} retry={() => void load()} />}
      {gaps?.length === 0 && <Empty title={t("gaps.none")} hint={t("gaps.noneHint")} />}
      <ul class="cards">{gaps?.map((gap) => <GapCard key={gap.id} root={root} gap={gap} changed={() => void load()} />)}</ul>
    </>
  );
}

interface Finding {
  id: string;
  kind: "contradiction" | "stale" | "unused";
  dismissed: boolean;
  found_at: string;
  title?: string;
  why?: string;
  quote?: string;
  sides?: { title: string; heading?: string | null; text: string }[];
}

/** What in a base contradicts itself, is out of date, or is of no use. */
export function Findings({ root }: { root: string }) {
  const [dismissed, setDismissed] = useState(false);
  const [list, setList] = useState<Finding[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = () => api().get<{ findings: Finding[] }>(`${root}/findings?dismissed=${dismissed}`).then((reply) => { setList(reply.findings); setError(null); }, setError);
  useEffect(() => void load(), [root, dismissed]);
  const act = (finding: Finding) => api().post(`${root}/findings/${finding.id}/${finding.dismissed ? "restore" : "dismiss"}`).then(load, complain);
  return (
    <>
      <div class="views" role="tablist" aria-label={t("kb.findings")}>
        <button type="button" role="tab" aria-selected={!dismissed} onClick={() => setDismissed(false)}>{t("gaps.open")}</button>
        <button type="button" role="tab" aria-selected={dismissed} onClick={() => setDismissed(true)}>{t("gaps.dismissed")}</button>
      </div>
      {!!error && <Trouble error={error} retry={() => void load()} />}
      {list?.length === 0 && <Empty title={t("findings.none")} hint={t("findings.noneHint")} />}
      <ul class="cards">
        {list?.map((each) => (
          <li class="card" key={each.id} data-testid="finding" data-kind={each.kind}>
            <div class="head">
              <div class="who"><b>{t(`findings.${each.kind}`)}{each.title && `: ${each.title}`}</b><span class="faint">{[each.why && coded("findings.why", each.why), ago(each.found_at)].filter(Boolean).join(" · ")}</span></div>
              <button type="button" data-testid="finding-dismiss" onClick={() => void act(each)}>{each.dismissed ? t("gaps.reopen") : t("findings.fine")}</button>
            </div>
            {each.quote && <blockquote>{each.quote}</blockquote>}
            {each.sides && <div class="pair">{each.sides.map((side) => <blockquote><b>{[side.title, side.heading].filter(Boolean).join(" › ")}</b><br />{side.text}</blockquote>)}</div>}
          </li>
        ))}
      </ul>
    </>
  );
}

interface Calibration {
  threshold: number;
  wrong: number;
  chosen: number | null;
  sample: number;
  curve: { threshold: number; answered: number; wrong: number }[];
}

const BOUNDS = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3];
const percent = (part: number) => `${Math.round(part * 1000) / 10}%`;

/** How many wrong answers are too many, and what that costs in right ones. */
export function Strictness({ root }: { root: string }) {
  const [found, setFound] = useState<Calibration | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = () => api().get<Calibration>(`${root}/calibration`).then(setFound, setError);
  useEffect(() => void load(), [root]);
  const choose = (wrong: number | null) => api().request<Calibration>("PUT", `${root}/calibration`, { body: { wrong } }).then((next) => { setFound(next); toast(t("settings.saved")); }, complain);
  if (error) return <Trouble error={error} retry={() => void load()} />;
  if (!found) return null;
  const points = found.curve.toSorted((a, b) => a.threshold - b.threshold);
  const line = (of: "answered" | "wrong") => points.map((each, at) => `${at ? "L" : "M"}${(each.threshold * 700 + 10).toFixed(1)} ${(150 - each[of] * 140).toFixed(1)}`).join("");
  const near = points.reduce<Calibration["curve"][number] | null>((best, each) => (!best || Math.abs(each.threshold - found.threshold) < Math.abs(best.threshold - found.threshold) ? each : best), null);
  return (
    <section class="card stack" data-testid="strictness">
      <h2>{t("strict.title")}</h2>
      <p class="faint">{t("strict.hint", { n: found.sample })}</p>
      <label>{t("strict.bound")}
        <select value={String(found.chosen ?? "")} data-testid="strict-bound" onChange={(event) => void choose(event.currentTarget.value ? Number(event.currentTarget.value) : null)}>
          <option value="">{t("strict.usual")}</option>
          {BOUNDS.map((each) => <option value={String(each)}>{t("strict.atMost", { n: percent(each) })}</option>)}
        </select>
      </label>
      <div class="tiles">
        <div class="tile card"><span>{t("strict.threshold")}</span><b data-testid="strict-threshold">{found.threshold.toFixed(2)}</b></div>
        {near && <div class="tile card"><span>{t("strict.answered")}</span><b>{percent(near.answered)}</b></div>}
        {near && <div class="tile card"><span>{t("strict.wrong")}</span><b>{percent(near.wrong)}</b></div>}
      </div>
      {points.length > 1 && (
        <figure class="plot">
          <figcaption><b>{t("strict.curve")}</b><span class="legend"><span class="tone one">{t("strict.answered")}</span><span class="tone three">{t("strict.wrong")}</span></span></figcaption>
          <svg viewBox="0 0 720 170" role="img" aria-label={t("strict.curve")}>
            {[0, 0.5, 1].map((y) => <><line class="grid" x1="10" x2="710" y1={150 - y * 140} y2={150 - y * 140} /><text x="714" y={154 - y * 140} text-anchor="end">{y * 100}%</text></>)}
            <path class="line one" d={line("answered")} /><path class="line three" d={line("wrong")} />
            <line class="now" x1={found.threshold * 700 + 10} x2={found.threshold * 700 + 10} y1="6" y2="150" />
            <text x={Math.min(680, found.threshold * 700 + 14)} y="166">{found.threshold.toFixed(2)}</text>
          </svg>
        </figure>
      )}
    </section>
  );
}

interface ImpactFound {
  days: number;
  questions: number;
  answered: number;
  conversations: number;
  examples: { text: string }[];
  changed: { text: string }[];
}

/** What adding a source would have done to the questions of the last month; nothing is stored. */
export function Impact({ root, source }: { root: string; source(): Record<string, unknown> | null }) {
  const [found, setFound] = useState<ImpactFound | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async () => {
    const made = source();
    if (!made) return;
    setBusy(true);
    await api().post<ImpactFound>(`${root}/impact`, { source: made, days: 30 }).then(setFound, complain);
    setBusy(false);
  };
  return (
    <>
      <button type="button" disabled={busy} data-testid="impact" onClick={() => void run()}>{t("impact.try")}</button>
      {found && (
        <div class="hint" role="status" data-testid="impact-found">
          <b>{t("impact.found", { n: found.answered, of: found.questions, days: found.days, c: found.conversations })}</b>
          {found.changed.length > 0 && <span> {t("impact.changed", { n: found.changed.length })}</span>}
          <ul class="quotes">{found.examples.slice(0, 5).map((each) => <li>{each.text}</li>)}</ul>
        </div>
      )}
    </>
  );
}
