import type { Client, ConversationLog } from "../core";
import { localeOf } from "../i18n";
import { h } from "../dom";
import { lang, noticeText, t } from "./words";

/** Loads what is not shown yet and saves the whole conversation as a text file on the visitor's machine. */
export async function saveTranscript(client: Client, conversation: string, inbox: string): Promise<void> {
  const log = client.log(conversation)!;
  while (log.messages.length && log.messages[0]!.seq > log.floor) {
    const first = log.messages[0]!.seq;
    await client.older(conversation);
    if (log.messages[0]!.seq === first) break;
  }
  const address = URL.createObjectURL(new Blob([textOf(log, inbox, client.sync.me?.id)], { type: "text/plain;charset=utf-8" }));
  const link = h("a", { href: address, download: `${inbox.replace(/[\\/:*?"<>|]+/g, " ")} ${new Date().toISOString().slice(0, 10)}.txt` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function textOf(log: ConversationLog, inbox: string, me: string | undefined): string {
  const lines = [inbox, ""];
  for (const message of log.messages) {
    const at = new Date(message.created_at).toLocaleString(localeOf(lang()));
    const name = log.user(message.sender)?.name ?? t("someone");
    const said = message.state === "recalled" ? t("recalled") : log.text(message);
    if (message.kind === "notice") lines.push(`— ${noticeText(message.body.code ?? "", said, { name: String(message.body.data?.name ?? name) })} (${at})`, "");
    else {
      lines.push(`${message.sender === me ? t("you") : name}, ${at}`, said);
      for (const each of message.body.citations ?? []) lines.push(`  [${each.n}] ${[each.title, each.heading].filter(Boolean).join(" › ")}`);
      lines.push("");
    }
  }
  return lines.join("\r\n");
}
