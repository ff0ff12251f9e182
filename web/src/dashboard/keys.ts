import { move, neighbour, ownsTicket } from "./desk";
import { client, go, route } from "./state";

function focusReply(): void {
  document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus();
}

/** Single keys, outside of fields and dialogs and without modifiers. */
export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (target.closest("input, textarea, select, dialog, [contenteditable]") || !client.value) return;
    const { screen, id } = route.value;
    const ticket = id ? client.value.log(id)?.conversation.ticket : null;
    const open = ticket?.status === "open";
    if (event.key === "j" || event.key === "k") {
      const next = neighbour(event.key === "j" ? 1 : -1);
      if (next) go(screen, next);
    } else if (event.key === "r") focusReply();
    else if (event.key === "t" && open && !ownsTicket(ticket)) void move(id!, "claim").then(focusReply);
    else if (event.key === "g" && open && ticket?.owner !== "agent") void move(id!, "release", "agent");
    else if (event.key === "e" && open) void move(id!, "resolve");
    else return;
    event.preventDefault();
  });
}
