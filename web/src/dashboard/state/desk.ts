import { effect, signal } from "@preact/signals";
import { ApiError, type Conversation, type Held, type ServerFrame, type Ticket } from "../../core";
import { api, client, complain, me, mirror, route, staff, toast } from "./state";
import { t } from "./words";

export type View = "open" | "mine" | "queue" | "agent" | "mentions" | "spam" | "asleep" | "resolved";
export const VIEWS: View[] = ["open", "mine", "queue", "agent", "mentions", "spam", "asleep", "resolved"];

/** What narrows a view: ids of a label, an inbox, an operator. */
export interface Narrowed {
  label?: string | null;
  inbox?: string | null;
  owner?: string | null;
}

interface TicketPage {
  tickets: TicketRow[];
  counts: Record<View, number>;
  next: string | null;
  /** When the next sleeping ticket comes back by itself. */
  next_waking: string | null;
}

const PAGE = 100;
const nexts = new Map<string, string | null>();
/** Lists of which more than the first page is here. */
const paged = new Set<string>();
let paging = false;
let waking: ReturnType<typeof setTimeout> | undefined;

export interface TicketRow extends Ticket {
  conversation_detail: Conversation;
}

export const view = signal<View>("open");
export const narrowed = signal<Narrowed>({});
/** Lists are kept per view and filter, so changing them shows the last known rows at once. */
export const tickets = signal<Partial<Record<string, TicketRow[]>>>({});

/** Names the list that is shown, as the server is asked for it. */
export function listKey(): string {
  const by = Object.entries(narrowed.value).filter(([, id]) => id);
  return view.value + by.map(([name, id]) => `&${name}=${id}`).join("");
}
export const counts = signal<Partial<Record<View, number>>>({});
export const conversations = signal<Conversation[] | null>(null);
export const waiting = signal(0);
/** Counts up when the review queue changed on the server. */
export const heldChanges = signal(0);
/** What is being done with the open conversation in a dialog. */
export const doing = signal<"assign" | "label" | "snooze" | null>(null);
export const listError = signal<unknown>(null);

interface KeptLists {
  tickets: Partial<Record<string, TicketRow[]>>;
  counts: Partial<Record<View, number>>;
  conversations: Conversation[] | null;
}

// The lists of the last visit stand until the server has said what they are now.
effect(() => {
  const kept = mirror.value;
  tickets.value = {};
  counts.value = {};
  conversations.value = null;
  void kept?.recall<KeptLists>("lists").then((lists) => {
    if (!lists || mirror.value !== kept) return;
    tickets.value = { ...lists.tickets, ...tickets.value };
    counts.value = { ...lists.counts, ...counts.value };
    conversations.value ??= lists.conversations;
  });
});

function keepLists(): void {
  const first = Object.entries(tickets.value).filter(([name]) => !name.includes("&")).map(([name, rows]) => [name, rows!.slice(0, PAGE)]);
  mirror.value?.keep("lists", { tickets: Object.fromEntries(first), counts: counts.value, conversations: conversations.value });
}

/** Milliseconds until a time has passed, at most a day: timers cannot count further than 24 days. */
export function soonest(at: string): number {
  return Math.min(Math.max(Date.parse(at) - Date.now() + 500, 500), 86_400_000);
}

export async function loadTickets(wanted = listKey()): Promise<void> {
  try {
    const reply = await api().get<TicketPage>(`/v1/tickets?view=${wanted}&limit=${PAGE}`);
    const fresh = new Set(reply.tickets.map((row) => row.conversation));
    // What was paged in below stays where it is, unless it has moved to the top or may have left the view.
    const kept = paged.has(wanted) ? (tickets.value[wanted] ?? []).slice(PAGE).filter((row) => !fresh.has(row.conversation)) : [];
    tickets.value = { ...tickets.value, [wanted]: [...reply.tickets, ...kept] };
    if (!paged.has(wanted)) nexts.set(wanted, reply.next);
    counts.value = reply.counts;
    clearTimeout(waking);
    if (reply.next_waking) waking = setTimeout(() => client.value && void loadTickets(), soonest(reply.next_waking));
    listError.value = null;
    keepLists();
  } catch (error) {
    listError.value = error;
  }
}

/** Loads the rows below the ones that are here, once at a time. */
export async function moreTickets(wanted: string): Promise<void> {
  const after = nexts.get(wanted);
  if (!after || paging) return;
  paging = true;
  try {
    const reply = await api().get<TicketPage>(`/v1/tickets?view=${wanted}&limit=${PAGE}&after=${after}`);
    const here = tickets.value[wanted] ?? [];
    const known = new Set(here.map((row) => row.conversation));
    tickets.value = { ...tickets.value, [wanted]: [...here, ...reply.tickets.filter((row) => !known.has(row.conversation))] };
    nexts.set(wanted, reply.next);
    paged.add(wanted);
  } catch (error) {
    listError.value = error;
  } finally {
    paging = false;
  }
}

export async function loadConversations(): Promise<void> {
  try {
    const reply = await api().get<{ conversations: Conversation[] }>("/v1/conversations?limit=100");
    conversations.value = reply.conversations.filter((each) => each.kind !== "support");
    listError.value = null;
    keepLists();
  } catch (error) {
    listError.value = error;
  }
}

export async function loadWaiting(): Promise<void> {
  try {
    waiting.value = (await api().get<{ held: Held[]; waiting: number }>("/v1/held?state=waiting&limit=1")).waiting;
  } catch (error) {
    // Operators who may not moderate simply see no number.
    if (!(error instanceof ApiError)) throw error;
  }
}

const soon = new Map<() => unknown, ReturnType<typeof setTimeout>>();

/** Many events in a row lead to one fetch. */
function later(work: () => unknown): void {
  if (soon.has(work)) return;
  soon.set(work, setTimeout(() => {
    soon.delete(work);
    if (client.value) void work();
  }, 250));
}

const refreshTickets = () => loadTickets();

/** Keeps the lists current from the frames of the live connection. */
export function follow(frame: ServerFrame): void {
  if (frame.op === "ready") {
    later(loadConversations);
    if (!staff()) return;
    later(refreshTickets);
    later(loadWaiting);
  } else if (frame.op === "held") {
    heldChanges.value++;
    if (staff()) later(loadWaiting);
  } else if (frame.op === "event" && frame.kind !== "member.joined") {
    if (staff()) later(refreshTickets);
    if (frame.kind !== "ticket.changed") later(loadConversations);
  }
}

/** Moves ownership. The server's answer is shown at once; a lost race shows who was faster. */
export async function move(conversation: string, act: "claim" | "release" | "resolve", to?: "agent" | "queue"): Promise<void> {
  const log = client.value?.log(conversation);
  const before = log?.conversation.ticket;
  const epoch = before?.epoch;
  try {
    const ticket = await api().post<Ticket>(`/v1/conversations/${conversation}/${act}`, {
      ...(to ? { to } : {}),
      ...(epoch === undefined ? {} : { epoch }),
    });
    apply(ticket);
    if (act === "resolve" && before?.status === "open") toast(t("resolvedNow"), false, { name: t("tools.undo"), run: () => void reopen(conversation, before) });
  } catch (error) {
    if (error instanceof ApiError && error.problem.ticket) apply(error.problem.ticket);
    complain(error);
  }
  void loadTickets();
}

/** Opens a resolved conversation again, with whoever had it before. */
function reopen(conversation: string, before: Ticket): Promise<void> {
  return before.owner === "operator" ? move(conversation, "claim") : move(conversation, "release", before.owner);
}

export function apply(ticket: Ticket): void {
  const log = client.value?.log(ticket.conversation);
  if (!log || (log.conversation.ticket?.epoch ?? 0) > ticket.epoch) return;
  log.conversation = { ...log.conversation, ticket };
  client.value?.touch(ticket.conversation);
}

/** The row before or after the open one. */
export function neighbour(step: 1 | -1): string | null {
  const rows =
    route.value.screen === "inbox"
      ? (tickets.value[listKey()] ?? []).map((row) => row.conversation)
      : (conversations.value ?? []).map((row) => row.id);
  const at = rows.indexOf(route.value.id ?? "");
  return rows[at < 0 ? 0 : at + step] ?? null;
}

export function visitorName(conversation: Conversation): string {
  const guest = conversation.members.find((member) => member.user.kind === "visitor");
  return guest?.user.name ?? conversation.title ?? "";
}

export function ownsTicket(ticket: Ticket | null | undefined): boolean {
  return ticket?.owner === "operator" && ticket.owner_user === me().id;
}
