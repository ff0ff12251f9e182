import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { inserted } from "../inbox/copilot";
import { Icon } from "../parts/icons";
import { InlineList, useInline } from "./inline";
import { uploadAll, type Uploading } from "./messageparts";
import { called, colleagues, loadColleagues, mentionsIn, NameList, withName } from "./mentions";
import { addNote } from "./notes";
import { filled, offered, ReplyList, type PreparedReply } from "./replies";
import { ReplyBar, replying } from "./replying";
import { Rewording } from "./rewording";
import type { User } from "../../core";
import { client, store, toast } from "../state/state";
import { t } from "../state/words";

const keyOf = (conversation: string, note: boolean, thread?: number) => `myna.unsent.${conversation}${note ? ".note" : ""}${thread ? `.${thread}` : ""}`;

/** What a private note holds at most. */
const NOTE_CHARS = 4000;

/** Whether one writes to the colleagues instead of the visitor. */
export const noting = signal(false);

interface Props {
  conversation: string;
  placeholder: string;
  /** Why one cannot reply; a note can always be left. */
  locked: string | null;
  /** Whether notes exist here: in support conversations. */
  notes: boolean;
  /** What `{{name}}` and its like become. */
  values: Record<string, string>;
  /** Who can be called by `@`, besides the colleagues in a note. */
  people?: User[];
  /** The message in whose thread one writes. */
  thread?: number;
}

/** Where one writes. What is not sent yet is kept per conversation and survives a reload. */
export function Composer({ conversation, placeholder, locked, notes, values, people = [], thread }: Props) {
  const note = notes && noting.value;
  const key = keyOf(conversation, note, thread);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const field = useRef<HTMLTextAreaElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const [uploads, setUploads] = useState<Uploading[]>([]);
  const attach = (files: FileList | null | undefined) => {
    if (files?.length) void uploadAll(Array.from(files), setUploads, (id) => client.value?.send(conversation, { files: [id] }, null, thread));
  };
  useEffect(() => setText(store.getItem(key) ?? ""), [key]);
  useEffect(() => {
    const found = inserted.value;
    if (found?.conversation !== conversation) return;
    inserted.value = null;
    noting.value = false;
    setText(found.text);
    store.setItem(keyOf(conversation, false), found.text);
    field.current?.focus();
  }, [inserted.value]);
  useEffect(() => {
    const box = field.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${Math.min(box.scrollHeight, 180)}px`;
  }, [text, locked, note]);

  useEffect(() => {
    if (note && !colleagues.value) void loadColleagues();
  }, [note]);
  const callable = note ? (colleagues.value ?? []) : people;
  const answering = () => (replying.value?.conversation === conversation ? replying.value.seq : null);
  const place = () => ({ reply_to: thread ? null : answering(), thread: thread ?? null });
  const inline = useInline(conversation, text, note || !!locked, place, () => {
    write("");
    replying.value = null;
  });
  const names = [...(notes && !note ? [] : called(text, callable)), ...inline.named(callable)].slice(0, 8);
  const list = note || !notes ? [] : offered(text);
  const offers = names.length || list.length;
  const chosen = Math.min(at, offers - 1);
  const write = (value: string) => {
    setText(value);
    setAt(0);
    if (value) store.setItem(key, value);
    else store.removeItem(key);
    if (!note) client.value?.typing(conversation, value.trim() !== "");
  };
  const insert = (reply: PreparedReply) => write(filled(reply.text, values));
  const send = () => {
    const said = text.trim();
    if (!said) return;
    write("");
    const mentions = mentionsIn(said, callable);
    if (note) void addNote(conversation, said, mentions.filter((id) => id !== "all")).then((kept) => kept || write(said));
    else {
      const asked = answering();
      replying.value = null;
      client.value!.send(conversation, { text: said, ...(mentions.length && { mentions }) }, thread ? null : asked, thread);
    }
  };
  const keyed = (event: KeyboardEvent) => {
    // keyCode 229 covers browsers that end the composition before the key event.
    if (event.isComposing || event.keyCode === 229) return;
    const step = offers ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined;
    const name = names[chosen];
    if (!offers && inline.key(event.key)) event.stopPropagation();
    else if (step) setAt((chosen + step + offers) % offers);
    else if (name && (event.key === "Enter" || event.key === "Tab")) write(withName(text, name));
    else if (list[chosen] && (event.key === "Enter" || event.key === "Tab")) insert(list[chosen]);
    else if (event.key === "Escape") return field.current?.blur();
    else if (event.key === "Enter" && !event.shiftKey) send();
    else return;
    event.preventDefault();
  };
  const limit = note ? NOTE_CHARS : (client.value?.sync.limits.text_chars ?? NOTE_CHARS);
  const droppable = (event: DragEvent) => !note && !locked && !!event.dataTransfer?.types.includes("Files");
  const pasted = (event: ClipboardEvent) => {
    if (!note) attach(event.clipboardData?.files);
    // The field takes what fits; that the rest is missing must not go unseen.
    const more = event.clipboardData?.getData("text/plain").length ?? 0;
    const box = event.currentTarget as HTMLTextAreaElement;
    if (text.length - (box.selectionEnd - box.selectionStart) + more > limit) toast(t("tooLong", { n: limit }), true);
  };
  const hint = note ? t("note.placeholder") : placeholder;
  return (
    <div class={`write ${note ? "noting" : ""}`} onDragOver={(event) => droppable(event) && event.preventDefault()} onDrop={(event) => {
      if (!droppable(event)) return;
      event.preventDefault();
      attach(event.dataTransfer?.files);
    }}>
      {notes && (
        <div class="modes" role="tablist" aria-label={t("send")}>
          <button type="button" role="tab" aria-selected={!note} data-testid="mode-reply" onClick={() => (noting.value = false)}>{t("act.reply")}</button>
          <button type="button" role="tab" aria-selected={note} data-testid="mode-note" onClick={() => (noting.value = true)}>{t("note")} <kbd>n</kbd></button>
        </div>
      )}
      {list.length > 0 && <ReplyList list={list} at={chosen} choose={insert} />}
      {names.length > 0 && <NameList list={names} at={chosen} choose={(user) => write(withName(text, user))} />}
      <InlineList inline={inline} />
      {!note && !thread && <ReplyBar conversation={conversation} />}
      {notes && !note && !locked && <Rewording text={text} put={write} />}
      {uploads.map((each) => (
        <div class="upload" key={each.key} data-testid="upload">
          <span>{each.name}</span>
          <progress max={1} value={each.part} aria-label={each.name} />
          <button type="button" class="link" onClick={() => each.stop.abort()}>{t("cancel")}</button>
        </div>
      ))}
      {locked && !note ? <div class="locked" data-testid="locked">{locked}</div> : (
        <form class="composer" onSubmit={(event) => { event.preventDefault(); send(); }}>
          {!note && (
            <>
              <button type="button" class="icon" aria-label={t("attach")} title={t("attach")} onClick={() => picker.current?.click()}><Icon name="clip" /></button>
              <input ref={picker} type="file" multiple hidden data-testid="files" onChange={(event) => { attach(event.currentTarget.files); event.currentTarget.value = ""; }} />
            </>
          )}
          <textarea ref={field} rows={1} value={text} placeholder={hint} aria-label={hint} data-testid={thread ? "thread-composer" : "composer"} maxLength={limit}
            aria-controls={offers ? "replies" : inline.found.length ? "inline" : undefined} aria-activedescendant={offers ? `reply-${(names[chosen] ?? list[chosen])!.id}` : inline.at >= 0 ? `inline-${inline.at}` : undefined}
            dir="auto" onInput={(event) => write(event.currentTarget.value)} onKeyDown={keyed} onPaste={pasted} />
          <button type="submit" class="icon primary" aria-label={note ? t("note.keep") : t("send")} disabled={!text.trim()} data-testid={thread ? "thread-send" : "send"}><Icon name="send" /></button>
        </form>
      )}
    </div>
  );
}
