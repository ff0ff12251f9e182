import { signal } from "@preact/signals";
import type { ServerFrame } from "../../core";
import { me } from "./state";

const SHOWN_FOR_MS = 6000;
const writing = signal<Record<string, string[]>>({});
const timers = new Map<string, ReturnType<typeof setTimeout>>();

function set(conversation: string, user: string, on: boolean): void {
  const others = (writing.value[conversation] ?? []).filter((each) => each !== user);
  writing.value = { ...writing.value, [conversation]: on ? [...others, user] : others };
}

/** Users who are writing in this conversation right now. */
export function typists(conversation: string): string[] {
  return writing.value[conversation] ?? [];
}

export function hear(frame: ServerFrame): void {
  if (frame.op === "typing" && frame.user !== me().id) {
    const key = `${frame.conversation} ${frame.user}`;
    clearTimeout(timers.get(key));
    set(frame.conversation, frame.user, frame.on);
    if (frame.on) timers.set(key, setTimeout(() => set(frame.conversation, frame.user, false), SHOWN_FOR_MS));
  } else if (frame.op === "event" && frame.kind === "message.created") {
    const { sender } = frame.data as { sender: string };
    if (typists(frame.conversation).includes(sender)) set(frame.conversation, sender, false);
  }
}
