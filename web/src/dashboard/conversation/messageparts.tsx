import { useEffect, useState } from "preact/hooks";
import { ApiError, safeHref, upload, type Button, type Card, type FileInfo, type Form, type FormField, type Message } from "../../core";
import { api, complain, toast } from "../state/state";
import { t } from "../state/words";

interface Ticket {
  url: string;
  thumbnail_url: string | null;
}

const ticketOf = (path: string) => api().post<Ticket>(`${path}/ticket`);

/** Addresses of files work for some minutes only, so each click asks for a new one. */
function FileChip({ file, path }: { file: Pick<FileInfo, "name" | "size"> & { thumbnail?: unknown }; path: string }) {
  const [small, setSmall] = useState<string | null>(null);
  useEffect(() => {
    if (file.thumbnail) ticketOf(path).then((found) => setSmall(found.thumbnail_url ?? found.url), () => setSmall(null));
  }, [path]);
  const open = () => ticketOf(path).then(({ url }) => void window.open(url, "_blank", "noopener"), complain);
  return (
    <button type="button" class={`file ${small ? "picture" : ""}`} data-testid="file" onClick={() => void open()}>
      {small ? <img src={small} alt={file.name} /> : <><b>{file.name}</b> <span class="faint">{Math.ceil(file.size / 1024)} kB</span></>}
    </button>
  );
}

export function CardView({ card }: { card: Card }) {
  return (
    <div class="card small" data-testid="card">
      {card.image && <img src={card.image} alt="" referrerpolicy="no-referrer" loading="lazy" />}
      {card.title && <b>{card.title}</b>}
      {card.text && <p class="pre">{card.text}</p>}
      {!!card.fields?.length && <dl>{card.fields.map((each) => <><dt>{each.label}</dt><dd>{each.value}</dd></>)}</dl>}
    </div>
  );
}

function Control({ field }: { field: FormField }) {
  const shared = { name: field.name, required: !!field.required && field.kind !== "bool", maxLength: field.max_length ?? undefined, placeholder: field.placeholder ?? undefined };
  if (field.kind === "choice") return <select {...shared}><option value="">–</option>{field.options?.map((each) => <option>{each}</option>)}</select>;
  if (field.multiline) return <textarea {...shared} rows={3} />;
  if (field.kind === "bool") return <input {...shared} type="checkbox" />;
  if (field.kind === "number") return <input {...shared} type="number" step="any" min={field.min ?? undefined} max={field.max ?? undefined} />;
  if (field.kind === "date") return <input {...shared} type="date" />;
  return field.kind === "email" ? <input {...shared} type="email" /> : <input {...shared} type="text" />;
}

function FormView({ form, send }: { form: Form; send(values: Record<string, unknown>): Promise<unknown> }) {
  const [wrong, setWrong] = useState("");
  const [done, setDone] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const written = new FormData(event.currentTarget as HTMLFormElement);
    const values: Record<string, unknown> = {};
    for (const { name, kind } of form.fields) {
      const said = String(written.get(name) ?? "");
      if (kind === "bool") values[name] = said !== "";
      else if (said) values[name] = kind === "number" ? Number(said) : said;
    }
    try {
      await send(values);
      setDone(true);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setWrong(error.problem.fields?.map((each) => `${form.fields.find(({ name }) => name === each.name)?.label ?? ""} ${each.message}`).join(" ") || error.message);
    }
  };
  return (
    <form class="card small stack" data-testid="form" onSubmit={submit}>
      <b>{form.title}</b>
      {done ? <p class="faint" role="status">{t("parts.sent")}</p> : <>
        {form.fields.map((field) => <label class={field.kind === "bool" ? "check" : ""}>{field.kind === "bool" ? <><Control field={field} />{field.label}</> : <>{field.label}<Control field={field} /></>}</label>)}
        {wrong && <p class="warn" role="alert">{wrong}</p>}
        <button type="submit">{form.submit || t("send")}</button>
      </>}
    </form>
  );
}

/** What a message carries besides its text: files, a card, buttons, a form. */
export function MessageParts({ message }: { message: Message }) {
  const { files, attachments, card, buttons, form } = message.body;
  const path = `/v1/conversations/${message.conversation}/messages/${message.seq}`;
  const tell = (what: string, body: unknown) => api().post(`${path}/${what}`, body, { "Idempotency-Key": crypto.randomUUID() });
  const press = (button: Button) =>
    button.url && safeHref(button.url)
      ? <a class="chip" href={safeHref(button.url)!} target="_blank" rel="noopener noreferrer">{button.label}</a>
      : <button type="button" class={button.style === "danger" ? "danger" : button.style === "primary" ? "primary" : ""} data-testid="action" onClick={() => void tell("actions", { action: button.action, value: button.value ?? "" }).catch(complain)}>{button.label}</button>;
  return (
    <>
      {!!files?.length && <div class="sources">{files.map((each) => typeof each !== "string" && <FileChip key={each.id} file={each} path={`/v1/files/${each.id}`} />)}</div>}
      {!!attachments?.length && <div class="sources">{attachments.map((each) => <FileChip key={each.id} file={each} path={`${path}/files/${each.id}`} />)}</div>}
      {card && <CardView card={card} />}
      {buttons?.map((row) => <div class="sources">{row.map(press)}</div>)}
      {form && <FormView form={form} send={(values) => tell("forms", { values })} />}
    </>
  );
}

export interface Uploading {
  key: number;
  name: string;
  part: number;
  stop: AbortController;
}

let keys = 0;

/** Uploads files one after the other; `sent` gets the id of each that is there. */
export async function uploadAll(files: readonly File[], change: (update: (list: Uploading[]) => Uploading[]) => void, sent: (id: string) => void): Promise<void> {
  for (const file of files) {
    const row: Uploading = { key: ++keys, name: file.name, part: 0, stop: new AbortController() };
    change((list) => [...list, row]);
    try {
      const found = await upload(api(), file, (part) => change((list) => list.map((each) => (each.key === row.key ? { ...each, part } : each))), row.stop.signal);
      sent(found.id);
    } catch (error) {
      if (!row.stop.signal.aborted) complain(error);
      else toast(t("parts.stopped", { name: file.name }));
    }
    change((list) => list.filter((each) => each.key !== row.key));
  }
}
