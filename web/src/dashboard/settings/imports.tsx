import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, type KnowledgeBase } from "../../core";
import { api, complain, explain, tokens } from "../state/state";
import { ago, coded, t, type Word } from "../state/words";

const ORIGINS = ["chatwoot", "intercom", "docs"] as const;
type Origin = (typeof ORIGINS)[number];
const OUTCOMES = ["created", "changed", "unchanged", "skipped", "failed", "removed"] as const;
const LOOK_MS = 1000;
const KEEP_MS = 10_000;
/** Even a slow line has sent the largest export by then. */
const UPLOAD_MS = 3_600_000;

interface Import {
  id: string;
  origin: Origin;
  name: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  done: number;
  total: number;
  counts: Partial<Record<(typeof OUTCOMES)[number], number>>;
  error: string | null;
  created_at: string;
}

interface Row {
  number: number;
  kind: string;
  key: string;
  title: string;
  outcome: string;
  detail: string;
}

const over = (job: Import) => job.state !== "queued" && job.state !== "running";

function Report({ job }: { job: Import }) {
  const [outcome, setOutcome] = useState<string>(job.counts.failed ? "failed" : "");
  const [rows, setRows] = useState<Row[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const load = async (after: number | null) => {
    const wanted = `${outcome ? `&outcome=${outcome}` : ""}${after ? `&after=${after}` : ""}`;
    const page = await api().get<{ rows: Row[]; next: number | null }>(`/v1/imports/${job.id}/rows?limit=50${wanted}`);
    setRows(after ? [...rows, ...page.rows] : page.rows);
    setNext(page.next);
  };
  useEffect(() => void load(null).catch(complain), [outcome, job.done]);
  const save = async () => {
    const response = await fetch(`/v1/imports/${job.id}/report.csv`, { headers: { Authorization: `Bearer ${await tokens.get()}` } });
    const address = URL.createObjectURL(await response.blob());
    Object.assign(document.createElement("a"), { href: address, download: `import-${job.id}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), KEEP_MS);
  };
  return (
    <div class="stack" data-testid="import-report">
      <div class="actions">
        <label class="choice">{t("import.show")}
          <select value={outcome} data-testid="import-outcome" onChange={(event) => setOutcome(event.currentTarget.value)}>
            <option value="">{t("import.all")}</option>
            {OUTCOMES.filter((each) => job.counts[each]).map((each) => <option value={each}>{t(`import.${each}`)} ({job.counts[each]})</option>)}
          </select>
        </label>
        <button type="button" data-testid="import-csv" onClick={() => void save().catch(complain)}>CSV</button>
      </div>
      <div class="sideways" tabIndex={0} role="region" aria-label={t("import.report")}>
        <table class="figures">
          <thead><tr><th>{t("import.record")}</th><th>{t("import.outcome")}</th><th>{t("import.detail")}</th></tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.number} data-testid="import-row">
                <td>{coded("import.kind", row.kind)} {row.title || row.key}</td><td>{coded("import", row.outcome)}</td><td>{row.detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {next !== null && <button type="button" class="chip" onClick={() => void load(next).catch(complain)}>{t("import.more")}</button>}
    </div>
  );
}

function Job({ job, changed }: { job: Import; changed(): void }) {
  const [open, setOpen] = useState(false);
  const cancel = () => api().post(`/v1/imports/${job.id}/cancel`).then(changed, complain);
  const told = OUTCOMES.filter((each) => job.counts[each]).map((each) => `${t(`import.${each}`)} ${job.counts[each]}`).join(" · ");
  return (
    <li data-testid="import" data-state={job.state}>
      <div class="source">
        <div class="who">
          <b>{job.name}</b>
          <span class={job.state === "failed" ? "warn" : "faint"}>{t(`import.${job.origin}`)} · {t(`import.state.${job.state}`)} · {ago(job.created_at)}{told && ` · ${told}`}</span>
          {job.error && <span class="warn" role="alert">{job.error}</span>}
          {!over(job) && <progress max={job.total || 1} value={job.total ? job.done : undefined} aria-label={job.name} />}
        </div>
        {!over(job) && <button type="button" data-testid="cancel-import" onClick={() => void cancel()}>{t("cancel")}</button>}
        {job.done > 0 && <button type="button" class="quiet" aria-expanded={open} data-testid="show-report" onClick={() => setOpen(!open)}>{t("import.report")}</button>}
      </div>
      {open && <Report job={job} />}
    </li>
  );
}

/** Brings in what Chatwoot or Intercom exported, or a folder of documentation. */
export function Imports() {
  const [origin, setOrigin] = useState<Origin>("chatwoot");
  const [jobs, setJobs] = useState<Import[]>([]);
  const [inboxes, setInboxes] = useState<{ key: string; name: string }[]>([]);
  const [bases, setBases] = useState<KnowledgeBase[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const stop = useRef<AbortController | null>(null);
  const load = () => api().get<{ imports: Import[] }>("/v1/imports").then((reply) => setJobs(reply.imports), complain);
  useEffect(() => {
    void load();
    api().get<{ inboxes: { key: string; name: string }[] }>("/v1/inboxes").then((reply) => setInboxes(reply.inboxes), complain);
    api().get<{ bases: KnowledgeBase[] }>("/v1/knowledge-bases").then((reply) => setBases(reply.bases), complain);
    return () => stop.current?.abort();
  }, []);
  const running = jobs.some((job) => !over(job));
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => void load(), LOOK_MS);
    return () => clearInterval(timer);
  }, [running]);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    const file = form.get("file") as File;
    const query = new URLSearchParams({ origin, name: file.name });
    for (const name of ["inbox", "base"]) if (form.get(name)) query.set(name, String(form.get(name)));
    stop.current = new AbortController();
    setBusy(true);
    setError("");
    try {
      await api().request("POST", `/v1/imports?${query}`, { body: file, headers: { "Content-Type": "application/octet-stream" }, signal: stop.current.signal, timeout_ms: UPLOAD_MS });
      element.reset();
      await load();
    } catch (failed) {
      if (!stop.current.signal.aborted) setError(failed instanceof ApiError ? failed.problem.detail || explain(failed) : String(failed));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card" id="imports">
      <h2>{t("import")}</h2>
      <p class="faint">{t("import.hint")}</p>
      <div class="views" role="tablist" aria-label={t("import")}>
        {ORIGINS.map((each) => <button type="button" role="tab" aria-selected={each === origin} data-testid={`import-${each}`} onClick={() => setOrigin(each)}>{t(`import.${each}`)}</button>)}
      </div>
      <form class="stack" onSubmit={submit} key={origin}>
        <p class="faint">{t(`import.${origin}Hint` as Word)}</p>
        <div class="pair">
          {origin !== "docs" && <label>{t("import.inbox")}<select name="inbox" data-testid="import-inbox">{inboxes.map((each) => <option value={each.key}>{each.name}</option>)}</select></label>}
          <label>{t("import.base")}<select name="base" data-testid="import-base">{bases.map((each) => <option value={each.id}>{each.name}</option>)}</select></label>
        </div>
        <label>{t("import.file")}<input type="file" name="file" required accept={origin === "docs" ? ".zip,.md,.html,.txt,.json,.yaml,.yml" : ".zip,.gz,.json,.jsonl,.csv"} data-testid="import-file" /></label>
        {error && <p class="warn" role="alert" data-testid="import-error">{error}</p>}
        <div class="actions">
          <button type="submit" class="primary" disabled={busy} data-testid="begin-import">{t("import.begin")}</button>
          {busy && <button type="button" onClick={() => stop.current?.abort()}>{t("cancel")}</button>}
        </div>
      </form>
      {jobs.length > 0 && <ul class="sourcelist" aria-label={t("import.before")}>{jobs.map((job) => <Job key={job.id} job={job} changed={() => void load()} />)}</ul>}
    </section>
  );
}
