import { signal } from "@preact/signals";
import { ApiError } from "../../core";
import { api } from "../state/state";
import { t } from "../state/words";

export interface PreparedReply {
  id: string;
  shortcut: string;
  text: string;
}

export const replies = signal<PreparedReply[] | null>(null);

export async function loadReplies(): Promise<void> {
  try {
    replies.value = (await api().get<{ replies: PreparedReply[] }>("/v1/replies")).replies;
  } catch (error) {
    // Without them one writes by hand.
    if (!(error instanceof ApiError)) throw error;
  }
}

/** The replies that fit what stands after `/` at the start of the text, or none. */
export function offered(text: string): PreparedReply[] {
  const typed = /^\/([\w-]*)$/.exec(text)?.[1]?.toLowerCase();
  if (typed === undefined) return [];
  const list = replies.value ?? [];
  return [...list.filter((each) => each.shortcut.startsWith(typed)), ...list.filter((each) => !each.shortcut.startsWith(typed) && each.text.toLowerCase().includes(typed))].slice(0, 8);
}

/** Puts in what is known about the conversation; a name that is not known stays to be seen. */
export function filled(text: string, values: Record<string, string>): string {
  return text.replace(/\{\{\s*(\w+)\s*\}\}/g, (all, name: string) => values[name] || all);
}

export function ReplyList({ list, at, choose }: { list: PreparedReply[]; at: number; choose(reply: PreparedReply): void }) {
  return (
    <ul class="replies" role="listbox" id="replies" aria-label={t("replies")} data-testid="replies">
      {list.map((each, index) => (
        <li role="option" id={`reply-${each.id}`} aria-selected={index === at} data-testid="prepared-reply" onPointerDown={(event) => { event.preventDefault(); choose(each); }}>
          <b>/{each.shortcut}</b> <span class="faint">{each.text}</span>
        </li>
      ))}
    </ul>
  );
}
