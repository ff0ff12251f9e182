import { useEffect, useState } from "preact/hooks";
import { ApiError, type User } from "../../core";
import { PolicyFields, policyOf, type PolicyBody } from "./agentpolicy";
import { Cases, type Case } from "./cases";
import { Comparing } from "./comparing";
import { Confidence, Empty, Trouble } from "../parts/parts";
import { Replay } from "./replay";
import { api, complain, go, toast } from "../state/state";
import { ago, coded, t } from "../state/words";

export interface Gate {
  n: number;
  passed_n: number;
  share: number;
  passed: boolean;
  at: string;
  failures: { case: string; question: string; wrong: string; text: string }[];
}

interface Body extends PolicyBody {
  bases: string[];
  model: string;
  persona: string;
  threshold: number | null;
  misses_before_hand_off: number;
  handoff: { anger: boolean; topics: string[]; value_limit: number | null; vips: string[] };
  [more: string]: unknown;
}

export interface Version {
  number: number;
  live: boolean;
  body: Body;
  note: string;
  gate: Gate | null;
  created_at: string;
  published_at: string | null;
}

type Agent = User & { version: number };

interface Tried {
  decision: string;
  reason: string;
  confidence: number | null;
  threshold: number | null;
  text: string;
  took_ms: number;
}

/** Asks a version something, as a first message; nothing is stored or sent. */
function Playground({ path }: { path: string }) {
  const [said, setSaid] = useState<[string, Tried][]>([]);
  const [busy, setBusy] = useState(false);
  const ask = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const question = String(new FormData(element).get("question")).trim();
    if (!question) return;
    setBusy(true);
    await api().post<Tried>(`${path}/try`, { question }).then((tried) => {
      setSaid([[question, tried], ...said]);
      element.reset();
    }, complain);
    setBusy(false);
  };
  return (
    <div class="stack" data-testid="playground">
      <h3>{t("agents.try")}</h3>
      <form class="inline" onSubmit={ask}>
        <input name="question" placeholder={t("kb.askPlaceholder")} aria-label={t("agents.try")} maxLength={2000} data-testid="try-question" />
        <button type="submit" disabled={busy} data-testid="try">{t("guide.ask")}</button>
      </form>
      {said.map(([question, tried]) => (
        <div class="turn" data-testid="tried">
          <b dir="auto">{question}</b>
          <p class="pre" dir="auto">{tried.text || "–"}</p>
          <span class="faint">{[coded("decision", tried.decision), coded("reason", tried.reason), t("lane.took", { n: Math.round(tried.took_ms) })].join(" · ")}</span>
          {tried.confidence !== null && tried.threshold !== null && <Confidence value={tried.confidence} threshold={tried.threshold} />}
        </div>
      ))}
    </div>
  );
}

function GateFound({ gate }: { gate: Gate }) {
  return (
    <div class={`hint ${gate.passed ? "" : "warn"}`} data-testid="gate">
      <b>{gate.n ? t(gate.passed ? "agents.passed" : "agents.failed", { n: gate.passed_n, of: gate.n }) : t("agents.noCases")}</b>
      <ul class="quotes">{gate.failures.slice(0, 10).map((each) => <li><b>{each.question}</b>: {each.wrong}{each.text && <span class="faint"> – {each.text.slice(0, 160)}</span>}</li>)}</ul>
    </div>
  );
}

function Editor({ version, models, agents, save }: { version: Version; models: string[]; agents: Agent[]; save(body: Body, note: string): void }) {
  const { body } = version;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const threshold = String(form.get("threshold"));
    let policy: PolicyBody;
    try {
      policy = policyOf(form, body, agents);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return toast(error.message, true);
    }
    const topics = String(form.get("topics")).split("\n").map((line) => line.trim()).filter(Boolean);
    save({
      ...body,
      ...policy,
      persona: String(form.get("persona")),
      model: String(form.get("model") ?? body.model),
      threshold: threshold ? Number(threshold) : null,
      misses_before_hand_off: Number(form.get("misses")),
      handoff: { ...body.handoff, anger: form.has("anger"), topics },
    }, String(form.get("note")));
  };
  return (
    <form class="stack" onSubmit={submit} data-testid="version-form">
      <label>{t("agents.note")}<input name="note" maxLength={500} defaultValue={version.note} data-testid="version-note" /></label>
      <label>{t("agents.persona")}<textarea name="persona" rows={5} maxLength={8000} defaultValue={body.persona} data-testid="persona" /></label>
      <div class="pair">
        <label>{t("agents.model")}<select name="model" value={body.model}><option value="">{t("agents.usual")}</option>{models.map((each) => <option value={each}>{each}</option>)}</select></label>
        <label>{t("agents.threshold")}<input name="threshold" type="number" min="0" max="1" step="0.01" defaultValue={body.threshold ?? ""} placeholder={t("agents.calibrated")} /></label>
        <label>{t("agents.misses")}<input name="misses" type="number" min="1" max="10" required defaultValue={body.misses_before_hand_off} /></label>
        <label>{t("agents.topics")}<textarea name="topics" rows={2} defaultValue={body.handoff.topics.join("\n")} /></label>
      </div>
      <label class="check"><input type="checkbox" name="anger" checked={body.handoff.anger} />{t("agents.anger")}</label>
      <PolicyFields body={body} agents={agents} />
      <button type="submit" class="primary" data-testid="save-version">{t("save")}</button>
    </form>
  );
}

function VersionCard({ agent, version, models, agents, changed }: { agent: string; version: Version; models: string[]; agents: Agent[]; changed(): void }) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState("");
  const [gate, setGate] = useState(version.gate);
  const [reason, setReason] = useState<string | null>(null);
  const path = `/v1/agents/${agent}/versions/${version.number}`;
  const run = async (what: string, work: () => Promise<unknown>) => {
    setBusy(what);
    await work().catch((error: unknown) => {
      const closed = error instanceof ApiError && error.code === "gate_closed" ? (error.problem as unknown as { gate: Gate }).gate : null;
      if (closed) {
        setGate(closed);
        setReason("");
      } else complain(error);
    });
    setBusy("");
  };
  const publish = (override: string | null) => run("publish", () => api().post(`${path}/publish`, { override }).then(() => {
    toast(t("agents.published", { n: version.number }));
    setReason(null);
    changed();
  }));
  return (
    <li class="card" data-testid="version" data-number={version.number}>
      <div class="head">
        <div class="who">
          <b>{t("agents.version", { n: version.number })} {version.live && <i class="tag" data-testid="live">{t("agents.live")}</i>}</b>
          <span class="faint">{[version.note, version.published_at ? t("agents.publishedAt", { at: ago(version.published_at) }) : t("agents.draft"), ago(version.created_at)].filter(Boolean).join(" · ")}</span>
        </div>
        <button type="button" aria-expanded={open} data-testid="version-open" onClick={() => setOpen(!open)}>{t("details")}</button>
      </div>
      {open && (
        <div class="stack">
          {!version.published_at && <Editor version={version} models={models} agents={agents} save={(body, note) => void run("save", () => api().request("PUT", path, { body: { body, note } }).then(() => { toast(t("settings.saved")); changed(); }))} />}
          {version.published_at && <p class="pre faint">{version.body.persona || t("agents.noPersona")}</p>}
          {gate && <GateFound gate={gate} />}
          <div class="actions">
            <button type="button" disabled={!!busy} data-testid="evaluate" onClick={() => void run("evaluate", () => api().post<Gate>(`${path}/evaluate`).then(setGate))}>{busy === "evaluate" ? t("agents.judging") : t("agents.evaluate")}</button>
            {!version.live && !version.published_at && <button type="button" class="primary" disabled={!!busy} data-testid="publish" onClick={() => void publish(null)}>{busy === "publish" ? t("agents.judging") : t("agents.publish")}</button>}
          </div>
          {reason !== null && (
            <form class="inline" onSubmit={(event) => { event.preventDefault(); void publish(reason); }}>
              <input value={reason} required minLength={3} maxLength={500} placeholder={t("agents.override")} aria-label={t("agents.override")} data-testid="override" onInput={(event) => setReason(event.currentTarget.value)} />
              <button type="submit" class="danger" data-testid="publish-anyway">{t("agents.publishAnyway")}</button>
            </form>
          )}
          <Playground path={path} />
          <Replay path={path} />
        </div>
      )}
    </li>
  );
}

function AgentPage({ agent, models, agents, changed }: { agent: Agent; models: string[]; agents: Agent[]; changed(): void }) {
  const [versions, setVersions] = useState<Version[] | null>(null);
  const [cases, setCases] = useState<Case[]>([]);
  const [error, setError] = useState<unknown>(null);
  const path = `/v1/agents/${agent.id}`;
  const load = () => Promise.all([api().get<{ versions: Version[] }>(`${path}/versions`), api().get<{ cases: Case[] }>(`${path}/cases`)]).then(([found, set]) => {
    setVersions(found.versions);
    setCases(set.cases);
    setError(null);
  }, setError);
  useEffect(() => void load(), [agent.id]);
  const refresh = () => {
    void load();
    changed();
  };
  const published = versions?.filter((each) => each.published_at).length ?? 0;
  return (
    <>
      {!!error && <Trouble error={error} retry={() => void load()} />}
      <section class="card stack">
        <h2>{t("agents.versions")}</h2>
        <p class="faint">{t("agents.versionsHint")}</p>
        <div class="actions">
          <button type="button" class="primary" data-testid="draft-version" onClick={() => void api().post(`${path}/versions`, {}).then(refresh, complain)}>{t("agents.newVersion")}</button>
          {published > 1 && <button type="button" data-testid="roll-back" onClick={() => void api().post<Version>(`${path}/roll-back`).then((made) => { toast(t("agents.published", { n: made.number })); refresh(); }, complain)}>{t("agents.rollBack")}</button>}
        </div>
        {versions?.length === 0 && <p class="faint">{t("agents.noVersions")}</p>}
        <ul class="cards">{versions?.map((version) => <VersionCard key={`${version.number} ${version.published_at}`} agent={agent.id} version={version} models={models} agents={agents} changed={refresh} />)}</ul>
      </section>
      {versions && <Comparing path={path} versions={versions} changed={refresh} />}
      <Cases path={path} cases={cases} changed={() => void load()} />
    </>
  );
}

/** Agents: what makes them answer as they do, judged before it is live. */
export function Agents() {
  const [agents, setAgents] = useState<Agent[] | null>(null);
  const [models, setModels] = useState<string[]>([]);
  const [chosen, setChosen] = useState("");
  const [error, setError] = useState<unknown>(null);
  const load = () => api().get<{ agents: Agent[]; models: string[] }>("/v1/agents").then((reply) => {
    setAgents(reply.agents);
    setModels(reply.models);
    setError(null);
  }, setError);
  useEffect(() => void load(), []);
  const agent = agents?.find((each) => each.id === chosen) ?? agents?.[0];
  return (
    <div class="screen one">
      <div class="column">
        <h1>{t("agents")}</h1>
        {!!error && <Trouble error={error} retry={() => void load()} />}
        {agents?.length === 0 && <Empty title={t("agents.none")} hint={t("agents.noneHint")}><button type="button" onClick={() => go("inbox")}>{t("inbox")}</button></Empty>}
        <div class="bases" role="tablist" aria-label={t("agents")}>
          {agents?.map((each) => (
            <button type="button" role="tab" aria-selected={each.id === agent?.id} class="base" data-testid="agent" onClick={() => setChosen(each.id)}>
              <b>{each.name}</b><span class="faint">@{each.handle} · {each.version ? t("agents.version", { n: each.version }) : t("agents.unversioned")}</span>
            </button>
          ))}
        </div>
        {agent && <AgentPage key={agent.id} agent={agent} models={models} agents={agents ?? []} changed={() => void load()} />}
      </div>
    </div>
  );
}
