import { useEffect, useRef, useState } from "preact/hooks";
import type { Job, Source } from "../../core";
import { Impact } from "./care";
import { api, complain } from "../state/state";
import { t } from "../state/words";

type Kind = Source["kind"];
const KINDS: Kind[] = ["text", "faq", "file", "url", "site", "conversations", "plugin"];

function bodyOf(kind: Kind, form: FormData): unknown {
  if (kind === "file") {
    const upload = new FormData();
    upload.set("file", form.get("file")!);
    return upload;
  }
  if (kind === "url" || kind === "site") return { kind, url: form.get("url") };
  if (kind === "conversations") return { kind };
  if (kind === "plugin") return { kind, source: form.get("source"), address: form.get("address") };
  if (kind === "text") return { kind, title: form.get("title"), text: form.get("text") };
  const variants = String(form.get("variants")).split("\n").map((line) => line.trim()).filter(Boolean);
  return { kind, question: form.get("question"), variants, answer: form.get("answer") };
}

/** Adds a text, a question with its answer, or a file; indexing goes on as a job. */
export function AddSource({ root, added }: { root: string; added(title: string, job: Job): void }) {
  const [kind, setKind] = useState<Kind>("text");
  const [busy, setBusy] = useState(false);
  const [plugged, setPlugged] = useState<string[]>([]);
  useEffect(() => void api().get<{ sources: string[] }>("/v1/plugins").then(({ sources }) => setPlugged(sources), () => undefined), []);
  const filled = useRef<HTMLFormElement>(null);
  const send = async (body: unknown) => {
    const { source, job } = await api().post<{ source: Source; job: Job | string }>(`${root}/sources`, body);
    added(source.title, typeof job === "string" ? { id: job, state: "queued", done: 0, total: 0, errors: [] } : job);
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    setBusy(true);
    try {
      const form = new FormData(element);
      const files = form.getAll("file").filter((each): each is File => each instanceof File && each.size > 0);
      if (kind === "file" && files.length > 1) {
        for (const file of files) {
          const one = new FormData();
          one.set("file", file);
          await send(bodyOf("file", one));
        }
        element.reset();
        return;
      }
      await send(bodyOf(kind, form));
      element.reset();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card">
      <h2>{t("kb.add")}</h2>
      <div class="views" role="tablist" aria-label={t("kb.add")}>
        {KINDS.filter((each) => each !== "plugin" || plugged.length > 0).map((each) => <button type="button" role="tab" aria-selected={each === kind} data-testid={`add-${each}`} onClick={() => setKind(each)}>{t(`kb.${each}`)}</button>)}
      </div>
      <form class="stack" onSubmit={submit} key={kind} ref={filled}>
        {kind === "text" && (
          <>
            <label>{t("kb.title")}<input name="title" required maxLength={200} data-testid="source-title" /></label>
            <label>{t("kb.body")}<textarea name="text" required rows={5} data-testid="source-text" /></label>
          </>
        )}
        {kind === "faq" && (
          <>
            <label>{t("kb.question")}<input name="question" required maxLength={500} data-testid="faq-question" /></label>
            <label>{t("kb.variants")}<textarea name="variants" rows={2} data-testid="faq-variants" /></label>
            <label>{t("kb.answer")}<textarea name="answer" required rows={3} data-testid="faq-answer" /></label>
          </>
        )}
        {kind === "file" && <label>{t("kb.pickFile")}<input type="file" name="file" multiple required accept=".md,.markdown,.txt,.html,.htm,.pdf,.docx,.pptx,.xlsx,.csv,.json" data-testid="source-file" /></label>}
        {kind === "file" && <label>{t("kb.pickFolder")}<input type="file" name="file" multiple ref={(box) => box?.setAttribute("webkitdirectory", "")} data-testid="source-folder" onChange={(event) => { const first = event.currentTarget.form!.elements.namedItem("file"); for (const box of first instanceof RadioNodeList ? first : []) (box as HTMLInputElement).required = false; }} /></label>}
        {(kind === "url" || kind === "site") && <label>{t("kb.address")}<input name="url" type="url" required placeholder="https://" data-testid="source-url" /></label>}
        {kind === "site" && <p class="faint">{t("kb.siteHint")}</p>}
        {kind === "plugin" && (
          <>
            <label>{t("kb.plugin")}<select name="source" required data-testid="source-plugin">{plugged.map((each) => <option>{each}</option>)}</select></label>
            <label>{t("kb.address")}<input name="address" required maxLength={1500} placeholder="https://" data-testid="source-address" /></label>
          </>
        )}
        {kind === "conversations" && <p class="faint">{t("kb.conversationsHint")}</p>}
        <div class="actions">
          <button type="submit" class="primary" disabled={busy} data-testid="add-source">{t("kb.addButton")}</button>
          {(kind === "text" || kind === "faq") && <Impact key={kind} root={root} source={() => (filled.current?.reportValidity() ? (bodyOf(kind, new FormData(filled.current)) as Record<string, unknown>) : null)} />}
        </div>
      </form>
    </section>
  );
}
