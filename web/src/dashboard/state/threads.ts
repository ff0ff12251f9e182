import { signal } from "@preact/signals";
import type { ServerFrame, Message } from "../../core";
import { api } from "./state";

/** The thread that is open beside its conversation. */
export const openThread = signal<{ conversation: string; seq: number } | null>(null);

/** Number of replies by first message, by conversation. */
export const replyCounts = signal<Record<string, Record<number, number>>>({});

interface Page {
  messages: Message[];
  threads?: Record<string, { replies: number }>;
}

/** Learns which messages of a conversation have threads. Without it they are found as soon as somebody writes in one. */
export async function loadThreads(conversation: string): Promise<void> {
  const page = await api().get<Page>(`/v1/conversations/${conversation}/messages?limit=200`);
  const found = Object.entries(page.threads ?? {}).map(([seq, { replies }]) => [Number(seq), replies]);
  replyCounts.value = { ...replyCounts.value, [conversation]: Object.fromEntries(found) };
}

/** Replies of one thread, oldest first. */
export async function loadReplies(conversation: string, seq: number): Promise<Message[]> {
  return (await api().get<Page>(`/v1/conversations/${conversation}/messages?thread=${seq}&limit=200`)).messages;
}

export function countReplies(frame: ServerFrame): void {
  if (frame.op !== "event" || frame.kind !== "message.created") return;
  const { thread } = frame.data as Message;
  if (!thread) return;
  const known = replyCounts.value[frame.conversation] ?? {};
  replyCounts.value = { ...replyCounts.value, [frame.conversation]: { ...known, [thread]: (known[thread] ?? 0) + 1 } };
}
