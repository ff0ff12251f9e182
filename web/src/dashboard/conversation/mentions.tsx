import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ApiError, type Message, type User } from "../../core";
import { conversations } from "../state/desk";
import { Empty, Trouble } from "../parts/parts";
import { api, go, me } from "../state/state";
import { ago, t } from "../state/words";

export const ALL = "all";

type Colleague = User & { role: string | null };

/** Those who answer customers, besides me: they can be called in a private note, and be given a conversation. */
export const colleagues = signal<User[] | null>(null);

export async function loadColleagues(): Promise<void> {
  try {
    const { users } = await api().get<{ users: Colleague[] }>("/v1/people");
    colleagues.value = users.filter((each) => ["owner", "admin", "operator"].includes(each.role ?? "") && each.id !== me().id);
  } catch (error) {
    // Then names are written out by hand.
    if (!(error instanceof ApiError)) throw error;
  }
}

/** Whoever fits what stands after `@` right before the cursor. */
export function called(text: string, people: readonly User[]): User[] {
  const typed = /(?:^|\s)@([^\s@]{0,40})$/.exec(text)?.[1]?.toLowerCase();
  if (typed === undefined) return [];
  return people.filter((each) => each.id !== me().id && [each.name, each.handle ?? ""].some((name) => name.toLowerCase().startsWith(typed))).slice(0, 8);
}

/** Puts the name in place of what was typed after `@`. */
export function withName(text: string, user: User): string {
  return text.replace(/@[^\s@]{0,40}$/, `@${user.name} `);
}

/** The ids of those whose names a text calls; a longer name wins over one that begins it. */
export function mentionsIn(text: string, people: readonly User[]): string[] {
  let rest = text;
  const found: string[] = [];
  for (const each of [...people].sort((a, b) => b.name.length - a.name.length)) {
    if (each.id === me().id || !rest.includes(`@${each.name}`)) continue;
    rest = rest.replaceAll(`@${each.name}`, "");
    found.push(each.id);
  }
  return /@all\b/i.test(rest) ? [...found, ALL] : found;
}

export function NameList({ list, at, choose }: { list: User[]; at: number; choose(user: User): void }) {
  return (
    <ul class="replies" role="listbox" id="replies" aria-label={t("mention")} data-testid="names">
      {list.map((each, index) => (
        <li role="option" id={`reply-${each.id}`} aria-selected={index === at} data-testid="name" onPointerDown={(event) => { event.preventDefault(); choose(each); }}>
          <b>{each.name}</b> {each.handle && <span class="faint">@{each.handle}</span>} {each.agent && <i class="tag">{t("aiMember")}</i>}
        </li>
      ))}
    </ul>
  );
}

/** Messages that call me by name, newest first. */
export function Mentions() {
  const [found, setFound] = useState<Message[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = () => api().get<{ messages: Message[] }>("/v1/mentions?limit=50").then((reply) => { setFound(reply.messages); setError(null); }, setError);
  const newest = conversations.value?.[0]?.rev;
  useEffect(() => void load(), [newest]);
  if (error && !found) return <Trouble error={error} retry={() => void load()} />;
  if (found?.length === 0) return <Empty title={t("mentions.none")} hint={t("mentions.noneHint")} />;
  return (
    <ul class="items mentions">
      {found?.map((each) => {
        const place = conversations.value?.find((row) => row.id === each.conversation);
        const sender = place?.members.find((member) => member.user.id === each.sender)?.user.name;
        return (
          <li key={`${each.conversation} ${each.seq}`}>
            <button type="button" class="item" data-testid="mention" onClick={() => go("groups", each.conversation)}>
              <span class="lines">
                <span class="top"><b>{[sender, place?.title].filter(Boolean).join(" · ") || t("group")}</b><time>{ago(each.created_at)}</time></span>
                <span class="preview">{each.body.text}</span>
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
