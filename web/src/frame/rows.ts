import { type Citation, type ConversationLog, type Draft, type Message, type Offer } from "../core";
import { citationOf, h, markup } from "../dom";
import { localeOf } from "../i18n";
import { lang, noticeText, t } from "./words";

export interface RowActions {
  cite(citation: Citation): void;
  offer(offer: Offer): void;
  retry(client_id: string): void;
  discard(client_id: string): void;
  vote(seq: number, helpful: boolean): void;
  voted(seq: number): boolean | undefined;
  /** Files, card, buttons and form of a message. */
  parts(message: Message): Node[];
  stop(seq: number): void;
  again(): void;
  /** Asks a person to look at what the filter or a moderator refused. */
  appeal(held: string): void;
}

export interface Row {
  key: string;
  /** The row is built again only when this changes. */
  signature: string;
  build(): HTMLElement;
}

/** The time of day, with the day before it when that is not today. */
const clock = (at: string) => {
  const then = new Date(at);
  const dateStyle = then.toDateString() === new Date().toDateString() ? undefined : "medium";
  return then.toLocaleString(localeOf(lang()), { dateStyle, timeStyle: "short" });
};

function citeButton(citation: Citation, actions: RowActions, label: string): HTMLElement {
  const name = t("citation", { n: citation.n, title: citation.title });
  const open = () => actions.cite(citation);
  return h("button", { class: "cite", "aria-label": name, "data-testid": "citation", onclick: open }, label);
}

export function messageRow(log: ConversationLog, message: Message, me: string | undefined, newest: boolean, actions: RowActions): Row {
  const text = log.text(message);
  const sender = log.user(message.sender);
  const mine = message.sender === me;
  const streaming = message.state === "streaming";
  const { citations, offers, code, card } = message.body;
  const offered = newest && log.conversation.ticket?.owner !== "operator";
  const voted = actions.voted(message.seq);
  const goes_on = log.continues(message);
  const build = () => {
    if (message.kind === "notice") {
      const said = noticeText(code ?? "", text, { name: String(message.body.data?.name ?? sender?.name ?? t("someone")) });
      return h("li", { class: "notice", "data-testid": "notice" }, said);
    }
    const bubble = h("div", { class: "bubble", dir: "auto" });
    if (message.state === "recalled") bubble.append(h("em", {}, t("recalled")));
    else if (!text && streaming) bubble.append(h("span", { class: "dots", "aria-label": t("typing", { name: sender?.name ?? t("agent") }) }));
    else {
      bubble.append(...markup(text, (n) => {
        const citation = citationOf(citations, n);
        return citation ? citeButton(citation, actions, String(n)) : null;
      }));
    }
    const name = sender?.name ?? t("someone");
    const meta = streaming ? name : `${mine ? t("you") : name} · ${clock(message.created_at)}`;
    const item = h(
      "li",
      { class: `row ${goes_on ? "on" : ""} ${mine ? "mine" : sender?.agent ? "agent" : "team"}`, "data-testid": mine ? "message-mine" : "message", "data-state": message.state },
      !goes_on && h("span", { class: "meta" }, meta),
      bubble,
    );
    if (message.state === "recalled") return item;
    bubble.hidden = !streaming && (!text || text.startsWith(card?.title ?? "\0"));
    item.append(...actions.parts(message));
    if (streaming) item.append(h("button", { class: "link note", "data-testid": "stop", onclick: () => actions.stop(message.seq) }, t("stop")));
    if (message.state === "interrupted") {
      const again = h("button", { class: "link", "data-testid": "again", onclick: () => actions.again() }, t("again"));
      item.append(h("span", { class: "note" }, t("interrupted"), " ", newest && again));
    }
    if (citations?.length && !streaming) {
      const chips = citations.map((each) => citeButton(each, actions, `${each.n} ${each.title}`));
      item.append(h("div", { class: "sources" }, ...chips));
    }
    if (citations?.length && !streaming && !mine) {
      const button = (helpful: boolean) =>
        h("button", { class: "link", "data-testid": `vote-${helpful ? "yes" : "no"}`, onclick: () => actions.vote(message.seq, helpful) }, helpful ? t("yes") : t("no"));
      item.append(h("span", { class: "note", role: "status", "data-testid": "vote" }, ...(voted === undefined ? [t("helpful"), " ", button(true), " ", button(false)] : [t("thanks")])));
    }
    if (offers?.length && offered) {
      const buttons = offers.map((each) =>
        h("button", { class: "chip", "data-testid": `offer-${each.action}`, onclick: () => actions.offer(each) },
          each.action === "hand_off" ? t("talkToPerson") : each.label),
      );
      item.append(h("div", { class: "offers" }, ...buttons));
    }
    return item;
  };
  return { key: `s${message.seq}`, signature: `${message.state}|${message.edited_at}|${newest}|${offered}|${sender?.name}|${voted}|${text}`, build };
}

/** Why a draft could not be sent, in the visitor's words. */
function reasonOf(draft: Draft, limit: number): string {
  const code = draft.error?.code;
  if (code === "blocked") return `${t("blocked")} ${draft.error!.detail}`;
  if (code === "refused_by_policy") return t("refused");
  if (code === "too_large") return t("tooLong", { n: limit });
  return t("failed");
}

export function draftRow(draft: Pick<Draft, "client_id" | "body" | "state" | "error" | "held">, limit: number, actions: RowActions): Row {
  const build = () => {
    const item = h(
      "li",
      { class: `row mine draft ${draft.state}`, "data-testid": "message-mine", "data-state": draft.state },
      h("div", { class: "bubble", dir: "auto" }, ...markup(draft.body.text ?? "📎", () => null)),
    );
    if (draft.state === "waiting") item.append(h("span", { class: "note" }, t("sending")));
    if (draft.state === "held") item.append(h("span", { class: "note", "data-testid": "held-note" }, t("held")));
    if (draft.state === "failed") {
      const drop = h("button", { class: "link", onclick: () => actions.discard(draft.client_id) }, t("discard"));
      const again = h("button", { class: "link", onclick: () => actions.retry(draft.client_id) }, t("retry"));
      item.append(h("span", { class: "note warn", role: "alert" }, reasonOf(draft as Draft, limit), " ", draft.held ? h("button", { class: "link", "data-testid": "appeal", onclick: () => actions.appeal(draft.held!) }, t("appeal")) : draft.error?.temporary !== false && again, " ", drop));
    }
    return item;
  };
  return { key: `d${draft.client_id}`, signature: `${draft.state}|${draft.error?.code}`, build };
}
