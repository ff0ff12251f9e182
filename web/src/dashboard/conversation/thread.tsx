import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Citation, ConversationLog, Draft, Message } from "../../core";
import { Composer } from "./composer";
import { conversations, tickets, visitorName } from "../state/desk";
import { loadNotes, NoteRow, notes, type Note } from "./notes";
import { FaqDialog, WrongDialog } from "../inbox/copilot";
import { AppealDialog } from "../moderation/appealing";
import { MessageParts } from "./messageparts";
import { EditForm, marking, MessageTools, Reactions } from "./messagetools";
import { PassageDialog } from "./passage";
import { Avatar, Markup, Trouble } from "../parts/parts";
import { loadRatings, ratings } from "../state/ratings";
import { loadReplies, replies } from "./replies";
import { Pins, Quoted } from "./replying";
import { client, complain, me, mirror, staff, version } from "../state/state";
import { clock, coded, t } from "../state/words";
import { openThread, replyCounts } from "../state/threads";
import { typists } from "../state/typing";

/** A conversation's log, loaded once and then live; whatever is known already is there at the first paint. */
export function useLog(conversation: string): { log: ConversationLog | undefined; error: unknown; retry(): void } {
  const [error, setError] = useState<unknown>(null);
  void version(conversation).value;
  const log = client.value!.log(conversation);
  const load = () => {
    setError(null);
    (mirror.value ?? client.value!).open(conversation).catch(setError);
  };
  useEffect(() => {
    if (!log) load();
  }, [conversation, !log]);
  return { log, error, retry: load };
}

function noticeOf(log: ConversationLog, message: Message): string {
  const { code, data, text } = message.body;
  const named = (data?.name ?? (data?.user as { name?: string } | undefined)?.name ?? log.user(message.sender)?.name ?? "") as string;
  return coded("notice", code ?? "", text ?? "", { name: named });
}

/** What the visitor asked before this message. */
function questionBefore(log: ConversationLog, message: Message): string {
  const visitor = log.conversation.members.find((each) => each.user.kind === "visitor")?.user.id;
  return log.messages.findLast((each) => each.seq < message.seq && each.sender === visitor)?.body.text ?? "";
}

/** Messages and notes in the order in which they were written. */
function rowsOf(log: ConversationLog, kept: Note[]): (Message | Note)[] {
  if (!kept.length) return log.messages;
  const first = log.messages[0];
  // What is older than the oldest loaded message comes with it, and not before.
  const shown = first && first.seq > log.floor ? kept.filter((each) => each.created_at >= first.created_at) : kept;
  return [...log.messages, ...shown].sort((a, b) => a.created_at.localeCompare(b.created_at));
}

/** Where the lists say that one has read to; they are newer than the log of a conversation that was open before. */
function readUpTo(conversation: string): number | undefined {
  const rows = Object.values(tickets.value).flatMap((list) => list ?? []).map((row) => row.conversation_detail);
  return [...(conversations.value ?? []), ...rows].find((each) => each.id === conversation)?.me?.read_seq;
}

/** The first message of others after the place to which one has read; null where nothing or everything is new. */
function firstUnread(log: ConversationLog | undefined, read: number | undefined): number | null {
  if (!log || !read) return null;
  return log.messages.find((each) => each.seq > read && each.sender !== me().id && each.kind === "text")?.seq ?? null;
}

interface RowProps {
  log: ConversationLog;
  message: Message;
  helped: boolean | undefined;
  /** Whether it stands in a thread, apart from what was said before it. */
  alone?: boolean;
  open(citation: Citation): void;
}

export function Row(props: RowProps) {
  const { log, message } = props;
  if (message.kind !== "notice") return <Bubble {...props} />;
  return <li class="notice" data-testid="notice">{noticeOf(log, message)} · {clock(message.created_at)}</li>;
}

function Bubble({ log, message, helped, open, alone }: RowProps) {
  const sender = log.user(message.sender);
  const mine = message.sender === me().id;
  const text = log.text(message);
  const kind = sender?.agent ? "agent" : (sender?.kind ?? "human");
  const { citations, offers } = message.body;
  const goesOn = !alone && log.continues(message);
  const replied = alone ? 0 : (replyCounts.value[log.conversation.id]?.[message.seq] ?? 0);
  const [editing, setEditing] = useState(false);
  return (
    <li class={`row ${mine ? "mine" : ""} ${goesOn ? "on" : ""} ${kind}`} title={goesOn ? clock(message.created_at) : undefined} data-testid="message" data-seq={message.seq} data-state={message.state}>
      {!mine && <Avatar name={sender?.name ?? "?"} kind={kind} />}
      <div class="said">
        {!goesOn && (
          <span class="meta">
            {mine ? t("you") : (sender?.name ?? t("visitor"))}
            {sender?.agent && <i class="tag">{t("aiMember")}</i>} · {clock(message.created_at)}
          </span>
        )}
        {message.body.via_bot?.handle && <span class="meta" data-testid="via">{t("via", { bot: message.body.via_bot.handle })}</span>}
        {editing && <EditForm message={message} done={() => setEditing(false)} />}
        <Quoted log={log} message={message} />
        <div class="bubble" dir="auto" hidden={editing || (message.state !== "recalled" && message.state !== "streaming" && (!text || (!!message.body.card?.title && text.startsWith(message.body.card.title))))}>
          {message.state === "recalled" ? <em>{t("recalled")}</em> : text ? <Markup text={text} citations={citations} open={open} /> : <span class="dots" />}
        </div>
        {message.state !== "recalled" && <MessageParts message={message} />}
        {message.state === "interrupted" && <span class="meta">{t("interrupted")}</span>}
        {!!citations?.length && (
          <div class="sources">
            {citations.map((each) => (
              <button type="button" class="chip small" onClick={() => open(each)}>{each.n} {each.title}</button>
            ))}
          </div>
        )}
        {message.edited_at && <span class="meta">{t("tools.edited")}</span>}
        <Reactions message={message} />
        {replied > 0 && <button type="button" class="chip small" data-testid="replies-count" onClick={() => (openThread.value = { conversation: log.conversation.id, seq: message.seq })}>{t("thread.count", { n: replied })}</button>}
        {message.state === "sent" && !editing && <MessageTools message={message} edit={() => setEditing(true)} agent={!!sender?.agent} desk={!!log.conversation.ticket && staff()} />}
        {helped !== undefined && <span class={`meta ${helped ? "" : "warn"}`} data-testid="vote">{t(helped ? "helped" : "helpedNot")}</span>}
        {!!offers?.length && <span class="meta">{t("offered", { list: offers.map((each) => each.label).join(" · ") })}</span>}
      </div>
    </li>
  );
}

export function Pending({ draft }: { draft: Draft }) {
  const [asking, setAsking] = useState(false);
  const code = draft.error?.code;
  const words = {
    waiting: t("sending"),
    sent: "",
    held: t("held"),
    failed: code === "blocked" ? t("blocked") : code === "refused_by_policy" ? t("refused") : code === "topic_closed" ? t("topicClosed") : t("failed"),
  }[draft.state];
  return (
    <li class={`row mine draft ${draft.state}`} data-testid="message" data-state={draft.state}>
      <div class="said">
        <div class="bubble"><Markup text={draft.body.text ?? "📎"} /></div>
        <span class={`meta ${draft.state === "failed" ? "warn" : ""}`}>
          {words}
          {draft.state === "failed" && code !== "blocked" && <button type="button" class="link" onClick={() => client.value!.retry(draft.client_id)}>{t("retry")}</button>}
          {code === "blocked" && draft.error?.detail && !draft.held && <q>{draft.error.detail}</q>}
          {draft.state === "failed" && draft.held && <button type="button" class="link" data-testid="ask-review" onClick={() => setAsking(true)}>{t("appeal")}</button>}
          {draft.state === "failed" && <button type="button" class="link" onClick={() => client.value!.discard(draft.client_id)}>{t("delete")}</button>}
        </span>
        {asking && draft.held && <AppealDialog held={draft.held} text={draft.body.text ?? ""} close={() => setAsking(false)} />}
      </div>
    </li>
  );
}

/** The messages of a conversation and, unless `locked` says why not, the composer. */
export function Thread({ conversation, placeholder, locked, desk }: { conversation: string; placeholder: string; locked?: string | null; desk?: boolean }) {
  const { log, error, retry } = useLog(conversation);
  const [citation, setCitation] = useState<Citation | null>(null);
  const [away, setAway] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const stick = useRef(true);
  // Where one had read to when this was opened: a line there shows what is new.
  const read = useRef(readUpTo(conversation));
  const fresh = firstUnread(log, read.current);
  const last = log?.messages.findLast((message) => message.state !== "streaming")?.seq ?? 0;
  const drafts = client.value!.drafts(conversation).filter((draft) => desk || !draft.thread);
  const writing = typists(conversation);
  const kept = (desk && notes.value[conversation]) || [];
  const votes = (desk && ratings.value[conversation]?.messages) || {};
  useEffect(() => {
    if (!desk) return;
    void loadNotes(conversation);
    void loadRatings(conversation);
    if (!replies.value) void loadReplies();
  }, [conversation, desk, log?.cursor]);

  const toBottom = () => {
    if (scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  };
  useLayoutEffect(() => {
    stick.current = true;
    toBottom();
  }, [conversation]);
  useLayoutEffect(() => {
    if (stick.current) toBottom();
  });
  useEffect(() => {
    const look = () => {
      if (last && !document.hidden && log?.conversation.me) client.value?.read(conversation, last);
    };
    look();
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [conversation, last]);

  const older = () => {
    const box = scroller.current!;
    const from = box.scrollHeight - box.scrollTop;
    client.value!.older(conversation).then(() => requestAnimationFrame(() => requestAnimationFrame(() => (box.scrollTop = box.scrollHeight - from))), complain);
  };
  const scrolled = () => {
    const box = scroller.current!;
    stick.current = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
    setAway(!stick.current);
  };
  const busy = log?.messages.some((message) => message.state === "streaming") ?? false;
  return (
    <>
      <Pins conversation={conversation} />
      <div class="scroller" ref={scroller} onScroll={scrolled} data-testid="thread">
        {!!error && !log && <Trouble error={error} retry={retry} />}
        {log && log.messages.length > 0 && log.messages[0]!.seq > log.floor && <button type="button" class="chip older" onClick={older}>{t("older")}</button>}
        <div role="log" aria-live="polite" aria-busy={busy} aria-label={t("messages")}>
          <ol class="messages">
            {log && rowsOf(log, kept).filter((each) => desk || "author" in each || !each.thread).map((each) =>
              "author" in each ? <NoteRow key={`n${each.id}`} conversation={conversation} note={each} /> : <>{each.seq === fresh && <li key="new" class="newline" data-testid="new-line"><span>{t("thread.new")}</span></li>}<Row key={each.seq} log={log} message={each} helped={votes[each.seq]} open={setCitation} /></>)}
            {drafts.map((draft) => <Pending key={draft.client_id} draft={draft} />)}
          </ol>
        </div>
        <div class="typing" data-testid="typing">
          {writing.length > 0 && <><span class="dots" /> {t("typing", { name: writing.map((id) => log?.user(id)?.name ?? t("visitor")).join(", ") })}</>}
        </div>
      </div>
      {away && <button type="button" class="chip newer" onClick={toBottom}>↓ {t("newer")}</button>}
      <Composer conversation={conversation} placeholder={placeholder} locked={locked ?? null} notes={!!desk} values={desk && log ? { name: visitorName(log.conversation), me: me().name } : {}} people={desk ? [] : (log?.conversation.members.map((each) => each.user) ?? [])} />
      {marking.value?.what === "wrong" && <WrongDialog message={marking.value.message} close={() => (marking.value = null)} />}
      {marking.value?.what === "faq" && log && <FaqDialog message={marking.value.message} question={questionBefore(log, marking.value.message)} close={() => (marking.value = null)} />}
      {citation && <PassageDialog citation={citation} close={() => setCitation(null)} />}
    </>
  );
}
