import { me } from "../state/state";
import { t } from "../state/words";
import type { Conversation, Ticket } from "../../core";

/** Who answers the customer, in words. */
export function ownerWords(ticket: Ticket, conversation: Conversation): string {
  if (ticket.status === "resolved") return t("resolved");
  if (ticket.owner !== "operator") return t(`owner.${ticket.owner}`);
  if (ticket.owner_user === me().id) return t("owner.you");
  return t("owner.operator", { name: conversation.members.find((each) => each.user.id === ticket.owner_user)?.user.name ?? "?" });
}
