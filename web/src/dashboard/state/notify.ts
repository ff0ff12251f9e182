import { signal } from "@preact/signals";
import type { Message, ServerFrame } from "../../core";
import { conversations, tickets, visitorName } from "./desk";
import { client, go, me, store } from "./state";
import { t } from "./words";

const KEY = "myna.notify";
export const notifies = signal("Notification" in globalThis && Notification.permission === "granted" && store.getItem(KEY) === "on");

/** Turns desktop notifications on, asking the browser for leave when it must, or off. */
export async function setNotifies(on: boolean): Promise<void> {
  const granted = on && "Notification" in globalThis && (await Notification.requestPermission()) === "granted";
  notifies.value = granted;
  store.setItem(KEY, granted ? "on" : "off");
}

function placeOf(conversation: string): { screen: "inbox" | "groups"; name: string } {
  const row = Object.values(tickets.value).flatMap((rows) => rows ?? []).find((each) => each.conversation === conversation);
  if (row) return { screen: "inbox", name: visitorName(row.conversation_detail) || t("visitor") };
  return { screen: "groups", name: conversations.value?.find((each) => each.id === conversation)?.title ?? t("inbox") };
}

/** Tells about new messages of people while nobody looks at this page; agents speak for themselves. */
export function announce(frame: ServerFrame): void {
  if (!notifies.value || !document.hidden || frame.op !== "event" || frame.kind !== "message.created") return;
  const message = frame.data as Message;
  const sender = client.value?.log(frame.conversation)?.user(message.sender);
  if (message.kind !== "text" || message.sender === me().id || sender?.agent) return;
  const { screen, name } = placeOf(frame.conversation);
  const shown = new Notification(sender?.name ?? name, { body: message.body.text?.slice(0, 160) ?? "", tag: frame.conversation });
  shown.onclick = () => {
    window.focus();
    go(screen, frame.conversation);
    shown.close();
  };
}
