import { useEffect, useState } from "preact/hooks";
import { counts, doing, listError, listKey, loadTickets, moreTickets, move, narrowed, ownsTicket, tickets, view, VIEWS, visitorName, type TicketRow } from "../state/desk";
import { Doing } from "./giving";
import { needsGuide } from "../entry/needsguide";
import { Icon } from "../parts/icons";
import { Avatar, Empty, Trouble } from "../parts/parts";
import { preview } from "../state/preview";
import { SavedViews } from "./savedviews";
import { SearchBox } from "../conversation/searchbox";
import { Side } from "./side";
import { Asleep } from "./snooze";
import { go, route, session } from "../state/state";
import { WaitingApprovals } from "./steering";
import { LaterGuide } from "../shell/later";
import { Thread, useLog } from "../conversation/thread";
import { VirtualList } from "../parts/virtual";
import { ago, t } from "../state/words";
import { ownerWords } from "./owner";
import { ApiError, type Ticket } from "../../core";

const ROW_PX = 82;

function TicketItem({ row }: { row: TicketRow }) {
  const detail = row.conversation_detail;
  const name = visitorName(detail) || t("visitor");
  const open = route.value.id === row.conversation;
  return (
      <a href={`#/inbox/${row.conversation}`} class="item" aria-current={open ? "true" : undefined} data-testid="ticket" data-conversation={row.conversation}>
        <Avatar name={name} kind="visitor" />
        <span class="lines">
          <span class="top"><b>{name}</b><time>{ago(detail.last_message?.created_at ?? row.changed_at)}</time></span>
          <span class="preview">{preview(detail)}</span>
          <span class={`owner ${row.status === "resolved" ? "done" : row.owner}`}>{ownerWords(row, detail)}</span>
        </span>
        {!open && !!detail.me?.unread && <b class="badge">{detail.me.unread}</b>}
      </a>
  );
}

function TicketList() {
  const shown = view.value;
  const wanted = listKey();
  const rows = tickets.value[wanted];
  useEffect(() => void loadTickets(wanted), [wanted]);
  return (
    <section class="list" aria-label={t("inbox")}>
      <h1>{t("inbox")}</h1>
      <SearchBox />
      <div class="views" role="tablist" aria-label={t("inbox")}>
        {VIEWS.map((each) => (
          <button type="button" role="tab" aria-selected={each === shown} data-testid={`view-${each}`} onClick={() => { view.value = each; narrowed.value = {}; }}>
            {t(`view.${each}`)} <span class="count">{counts.value[each] || ""}</span>
          </button>
        ))}
      </div>
      <WaitingApprovals changed={rows} />
      <SavedViews />
      {!!listError.value && !rows && <Trouble error={listError.value} retry={() => void loadTickets(wanted)} />}
      {rows?.length === 0 && (
        <Empty title={t(wanted === shown ? `empty.${shown}` : "empty.narrowed")} hint={t(wanted === shown ? `empty.${shown}Hint` : "empty.narrowedHint")}>
          {wanted === "open" && <a class="chip" href="/demo" target="_blank" rel="noopener">{t("openDemo")}</a>}
        </Empty>
      )}
      {!!rows?.length && (
        <VirtualList rows={rows} height={ROW_PX} keyOf={(row) => row.conversation} more={() => void moreTickets(wanted)}>{(row) => <TicketItem row={row} />}</VirtualList>
      )}
    </section>
  );
}

function Actions({ conversation, ticket }: { conversation: string; ticket: Ticket }) {
  if (ticket.status === "resolved") return <div class="actions"><button type="button" data-testid="reopen" onClick={() => void move(conversation, "claim")}>{t("reopen")}</button></div>;
  const mine = ownsTicket(ticket);
  return (
    <div class="actions">
      {!mine && <button type="button" class="primary" data-testid="take-over" onClick={() => void move(conversation, "claim")}>{t("takeOver")} <kbd>t</kbd></button>}
      {ticket.owner !== "agent" && <button type="button" data-testid="give-back" onClick={() => void move(conversation, "release", "agent")}>{t("giveBack")} <kbd>g</kbd></button>}
      <button type="button" class="icon" aria-label={t("snooze")} title={`${t("snooze")} (z)`} data-testid="snooze" onClick={() => (doing.value = "snooze")}><Icon name="clock" /></button>
      <button type="button" data-testid="resolve" onClick={() => void move(conversation, "resolve")}>{t("resolve")} <kbd>e</kbd></button>
    </div>
  );
}

function lockOf(ticket: Ticket | null | undefined): string | null {
  if (!ticket) return null;
  if (ticket.status === "resolved") return t("resolvedHolds");
  if (ticket.owner === "agent") return t("agentHolds");
  return ticket.owner === "queue" ? t("queueHolds") : null;
}

function Open({ conversation }: { conversation: string }) {
  const { log } = useLog(conversation);
  const [details, setDetails] = useState(false);
  const ticket = log?.conversation.ticket;
  return (
    <>
      <section class="pane" aria-label={t("messages")}>
        <header class="bar">
          <button type="button" class="icon narrow" aria-label={t("back")} data-testid="back" onClick={() => go("inbox")}><Icon name="back" /></button>
          <div class="who">
            <h1>{(log && visitorName(log.conversation)) || t("visitor")}</h1>
            {ticket && <span class={`owner ${ticket.status === "resolved" ? "done" : ticket.owner}`} data-testid="owner">{ownerWords(ticket, log!.conversation)}</span>}
          </div>
          {ticket && <Actions conversation={conversation} ticket={ticket} />}
          <button type="button" class="icon medium" aria-label={t("details")} aria-expanded={details} data-testid="details" onClick={() => setDetails(!details)}><Icon name="info" /></button>
        </header>
        {ticket?.status === "open" && <Asleep conversation={conversation} newest={log!.messages.at(-1)?.seq ?? 0} />}
        <Thread conversation={conversation} placeholder={t("replyPlaceholder")} locked={lockOf(ticket)} desk />
      </section>
      <Doing conversation={conversation} />
      {log && <Side log={log} shown={details} close={() => setDetails(false)} />}
    </>
  );
}

export function Inbox() {
  const { id } = route.value;
  const [guided, setGuided] = useState(false);
  useEffect(() => {
    if (!["owner", "admin"].includes(session.value?.role ?? "")) return;
    needsGuide().then(setGuided, (error: unknown) => {
      // Then the empty inbox explains itself.
      if (!(error instanceof ApiError)) throw error;
    });
  }, []);
  if (guided) return <LaterGuide changed={() => setGuided(false)} />;
  return (
    <div class={`screen three ${id ? "opened" : ""}`}>
      <TicketList />
      {id ? <Open key={id} conversation={id} /> : <section class="pane idle"><Empty title={t("pickConversation")} hint={t("pickHint")} /></section>}
    </div>
  );
}
