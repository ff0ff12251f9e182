import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Message } from "../../core";
import { pin, replying } from "./replying";
import { api, complain, me } from "../state/state";
import { openThread } from "../state/threads";
import { t } from "../state/words";

/** The message whose answer is being judged or kept. */
export const marking = signal<{ message: Message; what: "wrong" | "faq" } | null>(null);

/** For so long a message just sent offers to be taken back with one click. */
const UNDO_MS = 5000;
const EMOJI = ["👍", "❤️", "✅", "👀"];

const pathOf = (message: Message) => `/v1/conversations/${message.conversation}/messages/${message.seq}`;

export function recall(message: Message): void {
  api().request("DELETE", pathOf(message)).catch(complain);
}

async function react(message: Message, emoji: string): Promise<void> {
  const path = `${pathOf(message)}/reactions/${encodeURIComponent(emoji)}`;
  try {
    const { reactions } = await api().get<{ reactions: { user: string; emoji: string }[] }>(`${pathOf(message)}/reactions`);
    const mine = reactions.some((each) => each.user === me().id && each.emoji === emoji);
    await api().request(mine ? "DELETE" : "PUT", path);
  } catch (error) {
    complain(error);
  }
}

/** What others think of a message, each a button to agree or to take it back. */
export function Reactions({ message }: { message: Message }) {
  const found = Object.entries(message.reactions ?? {}).filter(([, count]) => count);
  if (!found.length) return null;
  return (
    <div class="sources">
      {found.map(([emoji, count]) => <button type="button" class="chip small" data-testid="reaction" onClick={() => void react(message, emoji)}>{emoji} {count}</button>)}
    </div>
  );
}

/** Other words for an own message. */
export function EditForm({ message, done }: { message: Message; done(): void }) {
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get("text")).trim();
    if (!text) return;
    try {
      await api().request("PATCH", pathOf(message), { body: { body: { text } } });
      done();
    } catch (error) {
      complain(error);
    }
  };
  return (
    <form class="stack edit" onSubmit={save} onKeyDown={(event) => event.key === "Escape" && done()}>
      <textarea name="text" rows={3} maxLength={10_000} defaultValue={message.body.text ?? ""} aria-label={t("tools.edit")} data-testid="edit-text" autofocus />
      <div class="actions">
        <button type="submit" class="primary" data-testid="edit-save">{t("save")}</button>
        <button type="button" onClick={done}>{t("cancel")}</button>
      </div>
    </form>
  );
}

/** The actions beside a message, shown when it is pointed at or reached by Tab. */
export function MessageTools({ message, edit, agent, desk }: { message: Message; edit(): void; agent: boolean; desk: boolean }) {
  const mine = message.sender === me().id;
  const [fresh, setFresh] = useState(mine && Date.now() - Date.parse(message.created_at) < UNDO_MS);
  useEffect(() => {
    if (!fresh) return;
    const timer = setTimeout(() => setFresh(false), UNDO_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      {fresh && <button type="button" class="link meta" data-testid="undo" onClick={() => recall(message)}>{t("tools.undo")}</button>}
      <div class="tools" role="group" aria-label={t("tools")}>
        {EMOJI.map((emoji) => <button type="button" class="quiet" aria-label={t("tools.react", { emoji })} data-testid="react" onClick={() => void react(message, emoji)}>{emoji}</button>)}
        <button type="button" class="quiet" data-testid="answer" onClick={() => { replying.value = message; document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus(); }}>{t("act.reply")}</button>
        {!desk && <button type="button" class="quiet" data-testid="open-thread" onClick={() => (openThread.value = { conversation: message.conversation, seq: message.thread ?? message.seq })}>{t("thread")}</button>}
        <button type="button" class="quiet" data-testid="pin" aria-label={t("pin")} onClick={() => pin(message, true)}>📌</button>
        {desk && agent && <button type="button" class="quiet" data-testid="mark-wrong" onClick={() => (marking.value = { message, what: "wrong" })}>{t("wrong")}</button>}
        {desk && <button type="button" class="quiet" data-testid="into-faq" onClick={() => (marking.value = { message, what: "faq" })}>FAQ</button>}
        {mine && <button type="button" class="quiet" data-testid="edit" onClick={edit}>{t("tools.edit")}</button>}
        {mine && <button type="button" class="quiet" data-testid="recall" onClick={() => recall(message)}>{t("tools.recall")}</button>}
      </div>
    </>
  );
}
