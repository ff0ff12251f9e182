import { noting } from "../conversation/composer";
import { marking } from "../conversation/messagetools";
import { doing, tickets, move, narrowed, neighbour, ownsTicket, view, VIEWS, visitorName, conversations } from "../state/desk";
import { chooseView, savedViews } from "../inbox/savedviews";
import { may, screens } from "../state/rights";
import { client, go, networkless, route, SCREENS, setTheme, signOut, type Theme } from "../state/state";
import { notifies, setNotifies } from "../state/notify";
import { lang, speak, t, type Word } from "../state/words";

/** Something that the reader can do now: by its key, from the palette, or both. */
export interface Action {
  id: string;
  name: string;
  /** A single key, outside of fields. */
  key?: string;
  /** Shown behind the name, to tell equal names apart. */
  detail?: string;
  run(): void;
}

const THEMES: Theme[] = ["auto", "light", "dark"];
const THEME_WORDS: Record<Theme, Word> = { auto: "themeAuto", light: "themeLight", dark: "themeDark" };

function focusComposer(): void {
  requestAnimationFrame(() => document.querySelector<HTMLTextAreaElement>(".composer textarea")?.focus());
}

function reply(): void {
  noting.value = false;
  focusComposer();
}

function onTicket(): Action[] {
  const { id } = route.value;
  const ticket = id ? client.value?.log(id)?.conversation.ticket : null;
  if (!id || ticket?.status !== "open") return [];
  const found: Action[] = [];
  if (!ownsTicket(ticket)) found.push({ id: "take-over", name: t("takeOver"), key: "t", run: () => void move(id, "claim").then(reply) });
  if (ticket.owner !== "agent") found.push({ id: "give-back", name: t("giveBack"), key: "g", run: () => void move(id, "release", "agent") });
  if (ticket.owner !== "queue") found.push({ id: "to-queue", name: t("toQueue"), key: "q", run: () => void move(id, "release", "queue") });
  found.push({ id: "assign", name: t("assign"), key: "a", run: () => (doing.value = "assign") });
  found.push({ id: "snooze", name: t("snooze"), key: "z", run: () => (doing.value = "snooze") });
  found.push({ id: "resolve", name: t("resolve"), key: "e", run: () => void move(id, "resolve") });
  return found;
}

/** What the newest answer of the agent, or else of anybody in the team, can become. */
function judging(): Action[] {
  const { screen, id } = route.value;
  const log = screen === "inbox" && id ? client.value?.log(id) : null;
  const answers = log?.messages.filter((each) => each.kind === "text" && each.state === "sent" && log.user(each.sender)?.kind !== "visitor") ?? [];
  const last = answers.at(-1);
  const agents = answers.findLast((each) => log!.user(each.sender)?.agent);
  return [
    ...(last ? [{ id: "faq", name: t("faq"), key: "f", run: () => (marking.value = { message: last, what: "faq" as const }) }] : []),
    ...(agents ? [{ id: "wrong", name: t("wrong"), key: "w", run: () => (marking.value = { message: agents, what: "wrong" as const }) }] : []),
  ];
}

function moving(): Action[] {
  const { screen, id } = route.value;
  if (screen !== "inbox" && screen !== "groups") return [];
  const step = (by: 1 | -1) => () => {
    const next = neighbour(by);
    if (next) go(screen, next);
  };
  const found: Action[] = [
    { id: "next", name: t("act.next"), key: "j", run: step(1) },
    { id: "previous", name: t("act.previous"), key: "k", run: step(-1) },
  ];
  if (screen === "inbox") found.push({ id: "search", name: t("act.search"), key: "s", run: () => requestAnimationFrame(() => document.querySelector<HTMLInputElement>(".searchbox input")?.focus()) });
  if (id) {
    found.push({ id: "reply", name: t("act.reply"), key: "r", run: reply });
    if (screen === "inbox") found.push({ id: "note", name: t("note"), key: "n", run: () => {
      noting.value = true;
      focusComposer();
    } }, { id: "label", name: t("labels"), key: "l", run: () => (doing.value = "label") });
    found.push({ id: "leave", name: t("act.leave"), key: "u", run: () => go(screen) });
  }
  return found;
}

/** Everything that can be done now, the nearest things first. */
export function actions(): Action[] {
  return [
    ...onTicket(),
    ...moving(),
    ...judging(),
    ...screens().map((screen): Action => ({ id: `go-${screen}`, name: t("act.go", { name: t(screen) }), key: String((SCREENS.indexOf(screen) + 1) % 10), run: () => go(screen) })),
    ...(may("operate") ? VIEWS.map((each): Action => ({ id: `view-${each}`, name: `${t("inbox")}: ${t(`view.${each}`)}`, run: () => {
      view.value = each;
      narrowed.value = {};
      go("inbox");
    } })) : []),
    ...savedViews.value.map((each): Action => ({ id: `saved-${each.id}`, name: `${t("inbox")}: ${each.name}`, run: () => {
      chooseView(each);
      go("inbox");
    } })),
    ...THEMES.map((each): Action => ({ id: `theme-${each}`, name: `${t("theme")}: ${t(THEME_WORDS[each])}`, run: () => setTheme(each) })),
    { id: "notify", name: t(notifies.value ? "notifyOff" : "notifyOn"), run: () => void setNotifies(!notifies.value) },
    { id: "language", name: t("languageLabel"), run: () => void speak(lang.value === "zh" ? "en" : "zh") },
    ...(networkless.value ? [] : [{ id: "sign-out", name: t("signOut"), run: () => signOut() }]),
  ];
}

/** Conversations that are known here, by the name of the visitor or the group. */
export function places(): Action[] {
  const rows = new Map(Object.values(tickets.value).flatMap((rows) => rows ?? []).map((row) => [row.conversation, row]));
  const visitors = [...rows.values()].map((row): Action => ({
    id: `open-${row.conversation}`,
    name: visitorName(row.conversation_detail) || t("visitor"),
    detail: row.conversation_detail.last_message?.body.text?.slice(0, 60) ?? "",
    run: () => go("inbox", row.conversation),
  }));
  const groups = (conversations.value ?? []).map((row): Action => ({
    id: `open-${row.id}`,
    name: row.title ?? row.members.map((each) => each.user.name).join(", "),
    detail: t("groups"),
    run: () => go("groups", row.id),
  }));
  return [...visitors, ...groups];
}
