import type { Conversation } from "../../core";
import { me } from "./state";
import { coded, t } from "./words";

/** The last message as one line of plain text. */
export function preview(conversation: Conversation): string {
  const last = conversation.last_message;
  if (!last) return t("noMessage");
  const { code, text = "", data } = last.body;
  if (last.kind === "notice") return coded("notice", code ?? "", text, { name: String(data?.name ?? "") });
  if (last.state === "recalled") return t("recalled");
  const plain = text.replace(/[*`#>]|\[\d+\]/g, "");
  return last.sender === me().id ? `${t("you")}: ${plain}` : plain;
}
