import { useEffect, useMemo, useState } from "preact/hooks";
import type { Job, KnowledgeBase, Source } from "../../core";
import { AddSource } from "./addsource";
import { Ask } from "./ask";
import { Findings, Gaps, Strictness } from "./care";
import { NewBase } from "./newbase";
import { Empty, Trouble } from "../parts/parts";
import { VirtualList } from "../parts/virtual";
import { api, complain, toast } from "../state/state";
import { ago, t } from "../state/words";

const TABS = ["sources", "gaps", "findings", "strict"] as const;
const TAB_WORDS = { sources: "kb.sourcesTab", gaps: "kb.gaps", findings: "kb.findings", strict: "kb.strict" } as const;
const JOB_EVERY_MS = 700;
const SOURCE_PX = 60;
/** So few sources are seen at a glance. */
const FEW = 8;
let bases: KnowledgeBase[] | null = null;
const sourcesOf = new Map<string, Source[]>();

interface Work {
  title: string;
  job: Job;
}

function Progress({ work, cancel }: { work: Work; cancel(): void }) {
  const { title, job } = work;
  const words = job.state === "queued" ? t("kb.jobQueued", { title }) : t("kb.job", { title, done: job.done, total: job.total });
  return (
    <li class="job" data-testid="job" data-state={job.state}>
      <span>{words}</span>
      <progress max={job.total || 1} value={job.done} aria-label={t("progress")} />
      <button type="button" class="link" data-testid="cancel-job" onClick={cancel}>{t("cancel")}</button>
    </li>
  );
}

function SourceItem({ source, remove }: { source: Source; remove(): void }) {
  const [sure, setSure] = useState(false);
  return (
    <div class="source" data-testid="source" data-source={source.id} title={source.error || source.title}>
      <div class="who">
        <b>{source.title}</b>
        {source.error ? <span class="warn">{source.error}</span> : <span class="faint">
          {[t(`kb.${source.kind}`), source.lang, t("kb.chunks", { n: source.chunks }), ago(source.changed_at)].filter(Boolean).join(" · ")}
        </span>}
      </div>
      <button type="button" class={sure ? "danger" : "quiet"} data-testid="delete-source" onBlur={() => setSure(false)} onClick={() => (sure ? remove() : setSure(true))}>
        {sure ? t("confirmDelete") : t("delete")}
      </button>
    </div>
  );
}

function Base({ base, changed }: { base: KnowledgeBase; changed(): void }) {
  const root = `/v1/knowledge-bases/${base.id}`;
  const [sources, setSources] = useState(sourcesOf.get(base.id));
  const [works, setWorks] = useState<Work[]>([]);
  const [tab, setTab] = useState<(typeof TABS)[number]>("sources");
  const [error, setError] = useState<unknown>(null);
  const [wanted, setWanted] = useState("");
  // The same array as long as nothing changes: the list looks again at each new one.
  const found = useMemo(() => (wanted ? sources?.filter((each) => each.title.toLowerCase().includes(wanted.trim().toLowerCase())) : sources), [sources, wanted]);
  const load = () =>
    api().get<{ sources: Source[] }>(`${root}/sources`).then((reply) => {
      sourcesOf.set(base.id, reply.sources);
      setSources(reply.sources);
      setError(null);
    }, setError);
  useEffect(() => void load(), [base.id]);

  const finish = ({ title, job }: Work) => {
    const first = job.errors[0];
    const why = typeof first === "string" ? first : (first?.message ?? "");
    if (job.state === "done") toast(t("kb.jobDone", { title }));
    else if (job.state === "cancelled") toast(t("kb.jobCancelled", { title }));
    else toast(t("kb.jobFailed", { title, why }), true);
    void load();
    changed();
  };
  useEffect(() => {
    if (!works.length) return;
    const timer = setTimeout(async () => {
      const next = await Promise.all(works.map(async (work): Promise<Work> => {
        const job = await api().get<Job>(`${root}/jobs/${work.job.id}`).catch(() => work.job);
        return { ...work, job };
      }));
      const running = next.filter((work) => work.job.state === "queued" || work.job.state === "running");
      for (const work of next) if (!running.includes(work)) finish(work);
      setWorks(running);
    }, JOB_EVERY_MS);
    return () => clearTimeout(timer);
  }, [works]);

  const remove = async (source: Source) => {
    setSources(sources?.filter((each) => each.id !== source.id));
    await api().request("DELETE", `${root}/sources/${source.id}`).catch(complain);
    void load();
    changed();
  };
  return (
    <>
      <div class="views" role="tablist" aria-label={base.name}>
        {TABS.map((each) => <button type="button" role="tab" aria-selected={each === tab} data-testid={`kb-${each}`} onClick={() => setTab(each)}>{t(TAB_WORDS[each])}</button>)}
      </div>
      {tab === "gaps" && <Gaps root={root} />}
      {tab === "findings" && <Findings root={root} />}
      {tab === "strict" && <Strictness root={root} />}
      {tab === "sources" && <>
      <Ask root={root} />
      <AddSource root={root} added={(title, job) => { setWorks((now) => [...now, { title, job }]); void load(); }} />
      <div role="status">
        <ul class="jobs">
          {works.map((work) => <Progress key={work.job.id} work={work} cancel={() => void api().post(`${root}/jobs/${work.job.id}/cancel`).catch(complain)} />)}
        </ul>
      </div>
      <section class="card">
        <h2>{t("kb.listTitle")}</h2>
        {!!error && <Trouble error={error} retry={() => void load()} />}
        {sources?.length === 0 && <Empty title={t("kb.empty")} hint={t("kb.emptyHint")} />}
        {(sources?.length ?? 0) > FEW && <input type="search" value={wanted} placeholder={t("kb.find", { n: sources!.length })} aria-label={t("kb.find", { n: sources!.length })} data-testid="find-source" onInput={(event) => setWanted(event.currentTarget.value)} />}
        {wanted && found?.length === 0 && <p class="faint" role="status">{t("paletteNothing")}</p>}
        {!!found?.length && <div class="sourcelist flat"><VirtualList rows={found} height={SOURCE_PX} keyOf={(source) => source.id}>{(source) => <SourceItem source={source} remove={() => void remove(source)} />}</VirtualList></div>}
      </section>
      </>}
    </>
  );
}

export function Knowledge() {
  const [rows, setRows] = useState(bases);
  const [chosen, setChosen] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = () =>
    api().get<{ bases: KnowledgeBase[] }>("/v1/knowledge-bases").then((reply) => {
      bases = reply.bases;
      setRows(reply.bases);
      setError(null);
    }, setError);
  useEffect(() => void load(), []);
  const base = rows?.find((each) => each.id === chosen) ?? rows?.[0];
  return (
    <div class="screen one">
      <div class="column">
        <h1>{t("knowledge")}</h1>
        {!!error && <Trouble error={error} retry={() => void load()} />}
        {rows?.length === 0 && <Empty title={t("kb.none")} hint={t("kb.noneHint")} />}
        <div class="bases" role="tablist" aria-label={t("knowledge")}>
          {rows?.map((each) => (
            <button type="button" role="tab" aria-selected={each.id === base?.id} class="base" data-testid="base" onClick={() => setChosen(each.id)}>
              <b>{each.name}</b>
              <span class="faint">{t("kb.sources", { n: each.sources, chunks: each.chunks })} · {t(`kb.${each.state}`)} · {each.embedder}{each.audience === "internal" && ` · ${t("kb.internal")}`}</span>
              {each.notice && <span class="warn">{each.notice}</span>}
            </button>
          ))}
        </div>
        {rows && <NewBase first={rows.length === 0} made={(id) => { setChosen(id); void load(); }} />}
        {base && <Base key={base.id} base={base} changed={() => void load()} />}
      </div>
    </div>
  );
}
