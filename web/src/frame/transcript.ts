import type { Client, ConversationLog } from "../core";
import { localeOf } from "../i18n";
import { h } from "../dom";
import { lang, noticeText, t } from "./words";

/** Loads what is not shown yet and saves the whole conversation as a text file on the visitor's machine. */
export async function saveTranscript(client: Client, conversation: string, inbox: string): Promise<void> {
  const log = client.log(conversation)!;
  // Loading older messages lowers the first seq or raises the floor, so this comes to an end.
  while (log.messages[0]!.seq > log.floor) await client.older(conversation);
  const address = URL.createObjectURL(new Blob([textOf(log, inbox, client.sync.me?.id)], { type: "text/plain;charset=utf-8" }));
  h("a", { href: address, download: `${inbox} ${new Date().toISOString().slice(0, 10)}.txt` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function textOf(log: ConversationLog, inbox: string, me: string | undefined): string {
  const lines = [inbox, ""];
  for (const message of log.messages) {
    const { body, sender } = message;
    const name = sender === me ? t("you") : (log.user(sender)?.name ?? t("someone"));
    const said = message.state === "recalled" ? t("recalled") : log.text(message);
    const files = (body.files ?? []).map((each) => `  📎 ${(each as { name: string }).name}`);
    const sources = (body.citations ?? []).map((each) => `  [${each.n}] ${[each.title, each.heading].filter(Boolean).join(" › ")}`);
    const text = message.kind === "notice" ? `— ${noticeText(body.code ?? "", said, { name: String(body.data?.name ?? name) })}` : said;
    lines.push(`${name}, ${new Date(message.created_at).toLocaleString(localeOf(lang()))}`, text, ...files, ...sources, "");
  }
  return lines.join("\r\n");
}
