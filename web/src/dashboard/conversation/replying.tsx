import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { ConversationLog, Message } from "../../core";
import { Icon } from "../parts/icons";
import { api, client, complain } from "../state/state";
import { t } from "../state/words";

/** The message that the next one answers. */
export const replying = signal<Message | null>(null);

/** Counts up when pins of a conversation changed. */
export const pinChanges = signal(0);

function oneLine(message: Message): string {
  return message.state === "recalled" ? t("recalled") : (message.body.text ?? "📎").replace(/\s+/g, " ").slice(0, 140);
}

/** Above the composer: what is being answered, and the way out of it. */
export function ReplyBar({ conversation }: { conversation: string }) {
  const message = replying.value;
  if (message?.conversation !== conversation) return null;
  return (
    <div class="replybar" data-testid="reply-bar">
      <span class="faint">{t("reply.to")}</span> <span class="one">{oneLine(message)}</span>
      <button type="button" class="icon" aria-label={t("cancel")} onClick={() => (replying.value = null)}><Icon name="close" /></button>
    </div>
  );
}

/** Inside a message: what it answers. */
export function Quoted({ log, message }: { log: ConversationLog; message: Message }) {
  const asked = message.reply_to ? log.messages.find((each) => each.seq === message.reply_to) : undefined;
  if (!message.reply_to) return null;
  const show = () => document.querySelector(`[data-seq="${message.reply_to}"]`)?.scrollIntoView({ block: "center", behavior: "smooth" });
  return <button type="button" class="quoted" data-testid="quoted" onClick={show}>{asked ? <><b>{log.user(asked.sender)?.name ?? ""}</b> {oneLine(asked)}</> : t("older")}</button>;
}

export function pin(message: Message, on: boolean): void {
  api().request(on ? "PUT" : "DELETE", `/v1/conversations/${message.conversation}/pins/${message.seq}`).then(() => void pinChanges.value++, complain);
}

/** What is pinned in a conversation, newest first. */
export function Pins({ conversation }: { conversation: string }) {
  const [pinned, setPinned] = useState<Message[]>([]);
  const changes = pinChanges.value;
  useEffect(() => {
    api().get<{ pins: { message?: Message }[] }>(`/v1/conversations/${conversation}/pins`).then((reply) => setPinned(reply.pins.map((each) => (each.message ?? each) as Message).filter((each) => each.state !== "recalled")), () => setPinned([]));
  }, [conversation, changes]);
  useEffect(() => client.value?.on("frame", (frame) => {
    if (frame.op === "event" && frame.kind === "pin.changed" && frame.conversation === conversation) pinChanges.value++;
  }), [conversation]);
  if (!pinned.length) return null;
  return (
    <ul class="pins" aria-label={t("pins")} data-testid="pins">
      {pinned.slice(0, 3).map((each) => (
        <li key={each.seq}>
          <button type="button" class="link one" onClick={() => document.querySelector(`[data-seq="${each.seq}"]`)?.scrollIntoView({ block: "center" })}>📌 {oneLine(each)}</button>
          <button type="button" class="quiet" aria-label={t("unpin")} data-testid="unpin" onClick={() => pin(each, false)}>×</button>
        </li>
      ))}
    </ul>
  );
}
