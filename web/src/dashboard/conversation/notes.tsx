import { signal } from "@preact/signals";
import type { User } from "../../core";
import { Markup } from "../parts/parts";
import { api, complain, me, session } from "../state/state";
import { clock, t } from "../state/words";

export interface Note {
  id: string;
  text: string;
  created_at: string;
  author: User | null;
}

/** Notes by conversation, kept while the page lives. */
export const notes = signal<Record<string, Note[]>>({});

export async function loadNotes(conversation: string): Promise<void> {
  try {
    const reply = await api().get<{ notes: Note[] }>(`/v1/conversations/${conversation}/notes`);
    notes.value = { ...notes.value, [conversation]: reply.notes };
  } catch (error) {
    complain(error);
  }
}

export async function addNote(conversation: string, text: string, mentions: string[] = []): Promise<boolean> {
  try {
    const made = await api().post<Note>(`/v1/conversations/${conversation}/notes`, { text, mentions });
    notes.value = { ...notes.value, [conversation]: [...(notes.value[conversation] ?? []), made] };
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

async function removeNote(conversation: string, id: string): Promise<void> {
  notes.value = { ...notes.value, [conversation]: (notes.value[conversation] ?? []).filter((each) => each.id !== id) };
  await api().request("DELETE", `/v1/conversations/${conversation}/notes/${id}`).catch(complain);
  await loadNotes(conversation);
}

export function NoteRow({ conversation, note }: { conversation: string; note: Note }) {
  const mine = note.author?.id === me().id || ["owner", "admin"].includes(session.value?.role ?? "");
  return (
    <li class="row note" data-testid="note">
      <div class="said">
        <span class="meta">{t("note.by", { name: note.author?.name ?? "?" })} · {clock(note.created_at)}</span>
        <div class="bubble"><Markup text={note.text} /></div>
        {mine && <button type="button" class="link meta" data-testid="remove-note" onClick={() => void removeNote(conversation, note.id)}>{t("delete")}</button>}
      </div>
    </li>
  );
}
