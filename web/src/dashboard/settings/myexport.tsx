import { useEffect, useState } from "preact/hooks";
import { api, complain, explain, toast, tokens } from "../state/state";
import { ago, coded, t } from "../state/words";

export interface Job {
  id: string;
  user: string;
  task: string;
  state: string;
  at: string;
  messages: number;
  error: string | null;
  download_until: string | null;
}

const LOOK_EVERY_MS = 2_000;

/** Saves an export as a file, or says that there is none any more. */
export async function download(job: string): Promise<void> {
  const response = await fetch(`/v1/privacy/jobs/${job}/content`, { headers: { Authorization: `Bearer ${await tokens.get()}` } });
  if (!response.ok) return toast(t("safety.gone"), true);
  const address = URL.createObjectURL(await response.blob());
  Object.assign(document.createElement("a"), { href: address, download: `export-${job}.zip` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** How far a job is, in words. */
export const progress = (job: Job) => [coded("safety.state", job.state), t("safety.messages", { n: job.messages }), job.error, ago(job.at)].filter(Boolean).join(" · ");

/** Everything that is kept about oneself, as a file. */
export function MyExport() {
  const [jobs, setJobs] = useState<Job[]>([]);
  const [error, setError] = useState<string | null>(null);
  const load = () => void api().get<{ jobs: Job[] }>("/v1/account/exports").then((reply) => {
    setJobs(reply.jobs);
    setError(null);
  }, (failure: unknown) => setError(explain(failure)));
  useEffect(load, []);
  const working = jobs.some((each) => each.state === "waiting" || each.state === "running");
  useEffect(() => {
    if (!working) return;
    const timer = setInterval(load, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [working]);
  return (
    <>
      <h3>{t("account.export")}</h3>
      <p class="faint">{t("account.exportHint")}</p>
      {error && <p class="warn" role="alert">{error}</p>}
      <button type="button" class="fit" disabled={working} data-testid="my-export" onClick={() => void api().post("/v1/account/export").then(load, (failure: unknown) => setError(explain(failure)))}>{t("account.exportBegin")}</button>
      <ul class="sourcelist">
        {jobs.map((each) => (
          <li class="source" key={each.id} data-testid="my-export-job">
            <div class="who"><span aria-live="polite">{progress(each)}</span></div>
            {each.download_until && <button type="button" class="quiet" data-testid="my-export-download" onClick={() => void download(each.id).catch(complain)}>{t("safety.download")}</button>}
          </li>
        ))}
      </ul>
    </>
  );
}
