import { useEffect, useState } from "preact/hooks";
import type { Job, KnowledgeBase } from "../../core";
import { AddSource } from "../knowledge/addsource";
import { Ask } from "../knowledge/ask";
import { api, complain, store, toast } from "../state/state";
import { t } from "../state/words";

const JOB_EVERY_MS = 500;

interface Place {
  base: KnowledgeBase | null;
  inbox: string | null;
}

async function look(): Promise<Place> {
  const [{ bases }, { inboxes }] = await Promise.all([
    api().get<{ bases: KnowledgeBase[] }>("/v1/knowledge-bases"),
    api().get<{ inboxes: { key: string }[] }>("/v1/inboxes"),
  ]);
  return { base: bases[0] ?? null, inbox: inboxes[0]?.key ?? null };
}

function Step({ n, title, done, children }: { n: number; title: string; done: boolean; children?: preact.ComponentChildren }) {
  return (
    <li class={`step ${done ? "done" : ""}`} data-testid={`step-${n}`} data-done={String(done)}>
      <h2><span class="number" aria-hidden="true">{done ? "✓" : n}</span> {title}</h2>
      {children}
    </li>
  );
}

/** From nothing to an answered question on one's own documents. */
export function Guide({ changed }: { changed(): void }) {
  const [place, setPlace] = useState<Place | null>(null);
  const [work, setWork] = useState<{ title: string; job: Job } | null>(null);
  const reload = () => look().then(setPlace, complain);
  useEffect(() => void reload(), []);
  useEffect(() => {
    if (!work || !place?.base) return;
    const timer = setTimeout(async () => {
      const job = await api().get<Job>(`/v1/knowledge-bases/${place.base!.id}/jobs/${work.job.id}`).catch(() => work.job);
      if (job.state === "queued" || job.state === "running") return setWork({ ...work, job });
      toast(job.state === "done" ? t("kb.jobDone", { title: work.title }) : t("kb.jobFailed", { title: work.title, why: String(job.errors[0] ?? "") }), job.state !== "done");
      setWork(null);
      void reload();
    }, JOB_EVERY_MS);
    return () => clearTimeout(timer);
  }, [work, place?.base?.id]);

  const setUp = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    try {
      await api().post("/v1/setup", { name: form.get("name") });
    } catch (error) {
      complain(error);
    }
    await reload();
  };
  if (!place) return null;
  const taught = (place.base?.chunks ?? 0) > 0;
  return (
    <div class="screen one">
      <div class="column" data-testid="guide">
        <h1>{t("guide.title")}</h1>
        <p class="faint">{t("guide.lead")}</p>
        <ol class="steps">
          <Step n={1} title={t("guide.name")} done={!!place.inbox}>
            {!place.inbox && (
              <form class="searchbox" onSubmit={setUp}>
                <input name="name" required maxLength={80} placeholder={t("guide.namePlaceholder")} aria-label={t("guide.name")} data-testid="guide-name" />
                <button type="submit" class="primary" data-testid="guide-begin">{t("guide.begin")}</button>
              </form>
            )}
          </Step>
          <Step n={2} title={t("guide.teach")} done={taught}>
            {place.inbox && place.base && !taught && !work && <AddSource root={`/v1/knowledge-bases/${place.base.id}`} added={(title, job) => setWork({ title, job })} />}
            {work && <div class="job" role="status"><span>{t("kb.jobQueued", { title: work.title })}</span><progress max={work.job.total || 1} value={work.job.done} aria-label={t("progress")} /></div>}
          </Step>
          <Step n={3} title={t("guide.ask")} done={false}>
            {taught && (
              <>
                <Ask root={`/v1/knowledge-bases/${place.base!.id}`} />
                <p><a class="chip" target="_blank" rel="noopener" href={`/widget/frame?inbox=${place.inbox}`} data-testid="guide-chat">{t("guide.chat")}</a></p>
              </>
            )}
          </Step>
        </ol>
        <button type="button" class="quiet" data-testid="guide-leave" onClick={() => { store.setItem("myna.guided", "yes"); changed(); }}>{t(taught ? "guide.finish" : "guide.skip")}</button>
      </div>
    </div>
  );
}
