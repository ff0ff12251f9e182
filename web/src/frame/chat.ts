import { ApiError, type Client, type Draft, type FormField, type Offer, type Passage, type ServerFrame } from "../core";
import type { Identity, Settings, ToPage } from "../widget/bridge";
import { Composer } from "./composer";
import { h } from "../dom";
import { localeOf } from "../i18n";
import { Header } from "./header";
import { draftRow, messageRow, type Row, type RowActions } from "./rows";
import { formOf } from "./forms";
import { partsOf } from "./parts";
import { Visitor, type Inbox } from "./session";
import { lang, speak, t } from "./words";

const TYPING_FOR_MS = 6000;

const moment = (at: string) => new Date(at).toLocaleString(localeOf(lang()), { weekday: "long", hour: "2-digit", minute: "2-digit" });

/** The chat screen. Changes are painted once per animation frame, and only rows that differ are built again. */
export class Chat {
  readonly #visitor: Visitor;
  readonly #tell: (message: ToPage) => void;
  #inbox: Inbox | null = null;
  /** Written before a conversation exists; sent as soon as it does. */
  #early: Pick<Draft, "client_id" | "body" | "state" | "error" | "held">[] = [];
  /** The user who is writing now. */
  #writer = "";
  #writes_until: ReturnType<typeof setTimeout> | undefined;
  readonly #built = new Map<string, { signature: string; node: HTMLElement }>();
  #shown = true;
  #painting = false;
  #announced = { seq: 0, unread: 0, owner: "" };
  #failure = "";
  readonly #votes = new Map<number, boolean>();
  /** The conversation whose rating is being asked for. */
  #rating = "";
  readonly #rate = h("div");
  /** A form that stands instead of the composer or above it: what the inbox asks first, or a message to be left. */
  readonly #ask = h("div");
  /** Uploads under way. */
  readonly #tray = h("div", { class: "tray" });
  /** What a bot answered to a click. */
  #answer = "";
  readonly #header: Header;
  readonly #composer: Composer;
  readonly #banner = h("div", { class: "banner", role: "status", "data-testid": "banner" });
  readonly #list = h("ol", { class: "log" });
  readonly #region = h("div", { role: "log", "aria-live": "polite", "data-testid": "log" }, this.#list);
  readonly #suggestions = h("div", { class: "suggestions", role: "group", "data-testid": "suggestions" });
  readonly #older = h("button", { class: "chip older", onclick: () => this.#loadOlder() });
  readonly #newer = h("button", { class: "chip newer", onclick: () => this.#toBottom() });
  readonly #typing = h("div", { class: "typing", "data-testid": "typing" });
  readonly #scroller: HTMLElement;
  readonly #actions: RowActions = {
    cite: (citation) =>
      void this.#visitor.more!.openPassage(citation, (path) => this.#visitor.client!.api.get<Passage>(path)),
    offer: (offer) => this.#accept(offer),
    retry: (id) => (this.#early.some((each) => each.client_id === id) ? void this.#flush() : this.#visitor.client?.retry(id)),
    discard: (id) => this.#discard(id),
    parts: (message) => partsOf(this.#visitor.client!.api, message),
    stop: (seq) => void this.#post(`messages/${seq}/stop`),
    again: () => this.#again(),
    appeal: (held) => this.#leaveMessage(t("appeal"), `/v1/held/${held}/appeal`, []),
    vote: (seq, helpful) => void this.#vote(seq, helpful),
    voted: (seq) => this.#votes.get(seq),
  };

  constructor(origin: string, key: string, embedded: boolean, tell: (message: ToPage) => void) {
    this.#tell = tell;
    this.#visitor = new Visitor(origin, key, (client) => this.#attach(client));
    this.#header = new Header(embedded, { handOff: () => void this.#handOff(), transcript: () => void this.#saveTranscript(), close: () => tell({ type: "close" }) });
    this.#composer = new Composer((text) => this.#send(text), (on) => this.#writes(on), (files) => void this.#attachFiles(files));
    this.#scroller = h("main", {}, this.#older, this.#region, this.#suggestions, this.#typing, this.#rate, this.#ask);
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.body.append(this.#header.element, this.#banner, this.#scroller, this.#newer, this.#tray, this.#composer.element);
    addEventListener("online", () => {
      this.#visitor.client?.nudge();
      this.#paint();
    });
    addEventListener("offline", () => this.#paint());
    document.addEventListener("visibilitychange", () => this.#look());
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing && !document.querySelector("dialog,:popover-open") && embedded) tell({ type: "close" });
    });
  }

  async start(settings?: Settings): Promise<void> {
    if (settings) await this.set(settings);
    try {
      this.#inbox = await this.#visitor.loadInbox();
      this.#failure = "";
      if (this.#visitor.returning) await this.#visitor.resume();
      else if (this.#inbox.prechat.length) this.#askFirst(this.#inbox.prechat);
    } catch (error) {
      this.#fail(error);
    }
    this.#paint();
  }

  async set(settings: Settings): Promise<void> {
    if (settings.locale) await speak(settings.locale);
    if (settings.theme) document.documentElement.style.colorScheme = settings.theme === "auto" ? "" : settings.theme;
    if (settings.color && /^#[0-9a-f]{6}$/i.test(settings.color)) {
      document.documentElement.style.setProperty("--accent", settings.color);
    }
    this.#built.clear();
    this.#paint();
  }

  async identify(identity: Identity): Promise<void> {
    try {
      await this.#visitor.identify(identity);
      this.#composer.element.hidden = false;
      this.#ask.replaceChildren();
    } catch (error) {
      this.#fail(error);
    }
    this.#paint();
  }

  show(shown: boolean): void {
    this.#shown = shown;
    if (!shown) return;
    this.#look();
    this.#composer.focus();
    this.#paint();
  }

  get #log() {
    return this.#visitor.conversation ? this.#visitor.client?.log(this.#visitor.conversation) : undefined;
  }

  #attach(client: Client): void {
    client.on("changed", (conversation) => conversation === this.#visitor.conversation && this.#changed());
    client.on("status", () => this.#paint());
    client.on("frame", (frame) => this.#signal(frame));
    this.#announced = { ...this.#announced, seq: this.#log?.messages.at(-1)?.seq ?? 0 };
    this.#changed();
  }

  #send(text: string): void {
    const { client, conversation } = this.#visitor;
    if (client && conversation && !this.#early.length) {
      client.send(conversation, { text });
    } else {
      this.#early.push({ client_id: crypto.randomUUID(), body: { text }, state: "waiting" });
      void this.#flush();
    }
    this.#paint();
    this.#toBottom();
  }

  async #flush(): Promise<void> {
    this.#early = this.#early.map((each) => ({ client_id: each.client_id, body: each.body, state: "waiting" }));
    this.#paint();
    try {
      const { client, conversation } = await this.#visitor.ensure();
      for (const draft of this.#early.splice(0)) client.send(conversation, draft.body);
    } catch (error) {
      const { code, message: detail } = this.#fail(error);
      this.#early = this.#early.map((each) => ({ ...each, state: "failed", error: { code, detail, temporary: true } }));
    }
    this.#paint();
  }

  #discard(client_id: string): void {
    this.#early = this.#early.filter((each) => each.client_id !== client_id);
    this.#visitor.client?.discard(client_id);
    this.#paint();
  }

  #accept(offer: Offer): void {
    if (offer.action === "ask") this.#send(offer.text ?? offer.label);
    else if (offer.action === "leave_message") this.#leaveMessage(offer.label, `/v1/conversations/${this.#visitor.conversation}/leave-message`);
    else void this.#handOff();
  }

  #post(path: string, body?: unknown): Promise<unknown> {
    const { client, conversation } = this.#visitor;
    return client!.api.post(`/v1/conversations/${conversation}/${path}`, body).catch((error: unknown) => void this.#fail(error));
  }

  /** Asks the last question once more, after an answer that was stopped or broke off. */
  #again(): void {
    const me = this.#visitor.client?.sync.me?.id;
    const asked = this.#log?.messages.findLast((each) => each.sender === me && each.body.text);
    if (asked) this.#send(asked.body.text!);
  }

  async #attachFiles(files: readonly File[]): Promise<void> {
    try {
      const { client, conversation } = await this.#visitor.ensure();
      await this.#visitor.more!.uploadAll(client.api, files, this.#tray, (id) => client.send(conversation, { files: [id] }));
    } catch (error) {
      this.#fail(error);
      this.#paint();
    }
  }

  /** What the inbox wants to know before the first message. */
  #askFirst(fields: FormField[]): void {
    this.#composer.element.hidden = true;
    this.#ask.replaceChildren(formOf("", t("begin"), fields, async (values) => {
      await this.#visitor.begin(values);
      this.#composer.element.hidden = false;
      this.#ask.replaceChildren();
      this.#composer.focus();
    }));
  }

  /** A text for the team, about this conversation or about a message that was refused. */
  #leaveMessage(title: string, path: string, more: FormField[] = [{ name: "email", label: t("leaveEmail"), kind: "email" }]): void {
    const fields: FormField[] = [{ name: "text", label: t("leaveText"), kind: "text", multiline: true, required: true, max_length: 1000 }, ...more];
    this.#ask.replaceChildren(formOf(title, t("send"), fields, (values) => this.#visitor.client!.api.post(path, values)));
    this.#toBottom();
  }

  async #handOff(): Promise<void> {
    try {
      const { client, conversation } = await this.#visitor.ensure();
      await client.api.post(`/v1/conversations/${conversation}/hand-off`, { reason: "asked_for_human" });
      this.#failure = "";
    } catch (error) {
      this.#fail(error);
    }
    this.#paint();
    this.#composer.focus();
  }

  async #vote(seq: number, helpful: boolean): Promise<void> {
    const { client, conversation } = this.#visitor;
    this.#votes.set(seq, helpful);
    this.#paint();
    const sent = client!.api.request("PUT", `/v1/conversations/${conversation}/messages/${seq}/feedback`, { body: { helpful } });
    await sent.catch(() => this.#votes.delete(seq));
    this.#paint();
  }

  /** A resolved conversation can be rated. */
  #askForRating(resolved: boolean): void {
    const { client, conversation, more } = this.#visitor;
    const wanted = resolved && conversation ? conversation : "";
    if (wanted === this.#rating) return;
    this.#rating = wanted;
    this.#rate.replaceChildren(wanted && more!.rateForm(client!.api, wanted));
    this.#toBottom();
  }

  async #saveTranscript(): Promise<void> {
    const { client, conversation, more } = this.#visitor;
    await more!.saveTranscript(client!, conversation!, this.#inbox?.name ?? "").catch((error: unknown) => void this.#fail(error));
    this.#paint();
  }

  #fail(error: unknown): ApiError {
    if (!(error instanceof ApiError)) throw error;
    this.#failure = error.status === 404 || error.status === 403 ? t("startRefused") : t("handoffFailed");
    this.#tell({ type: "error", detail: { code: error.code } });
    return error;
  }

  #writes(on: boolean): void {
    if (this.#visitor.conversation) this.#visitor.client?.typing(this.#visitor.conversation, on);
    else this.#visitor.prepare();
  }

  #signal(frame: ServerFrame): void {
    if (frame.op === "action_answer" && frame.conversation === this.#visitor.conversation) {
      this.#answer = frame.text;
      this.#paint();
    }
    if (frame.op !== "typing" || frame.conversation !== this.#visitor.conversation) return;
    if (frame.user === this.#visitor.client?.sync.me?.id) return;
    this.#wrote(frame.on ? frame.user : "");
  }

  #wrote(writer: string): void {
    clearTimeout(this.#writes_until);
    this.#writer = writer;
    if (writer) this.#writes_until = setTimeout(() => this.#wrote(""), TYPING_FOR_MS);
    this.#paint();
  }

  #changed(): void {
    this.#answer = "";
    this.#announce();
    this.#look();
    this.#paint();
  }

  /** Tells the page what is new; this must not wait for a paint, which a hidden frame never gets. */
  #announce(): void {
    const log = this.#log;
    if (!log) return;
    const me = this.#visitor.client?.sync.me?.id;
    for (const message of log.messages) {
      if (message.seq <= this.#announced.seq || message.state === "streaming") continue;
      this.#announced.seq = message.seq;
      if (message.kind !== "text" || message.sender === me) continue;
      this.#wrote("");
      const from = log.user(message.sender)?.name ?? "";
      this.#tell({ type: "message", detail: { text: message.body.text ?? "", from, seq: message.seq } });
      if (!this.#shown) this.#tell({ type: "unread", detail: { count: ++this.#announced.unread } });
    }
    const ticket = log.conversation.ticket;
    const owner = ticket ? `${ticket.owner} ${ticket.owner_user}` : "";
    if (ticket && this.#announced.owner && owner !== this.#announced.owner) {
      this.#tell({ type: "handoff", detail: { owner: ticket.owner, name: this.#operator() } });
    }
    this.#announced.owner = owner;
  }

  #operator(): string | null {
    const ticket = this.#log?.conversation.ticket;
    return ticket?.owner === "operator" && ticket.owner_user ? (this.#log!.user(ticket.owner_user)?.name ?? t("someone")) : null;
  }

  /** The visitor looks at the newest message. */
  #look(): void {
    if (!this.#shown || document.hidden) return;
    if (this.#announced.unread) this.#tell({ type: "unread", detail: { count: (this.#announced.unread = 0) } });
    const last = this.#log?.messages.findLast((message) => message.state !== "streaming");
    if (last && this.#visitor.conversation) this.#visitor.client?.read(this.#visitor.conversation, last.seq);
  }

  #paint(): void {
    if (this.#painting) return;
    this.#painting = true;
    requestAnimationFrame(() => {
      this.#painting = false;
      const stay = this.#atBottom();
      this.#paintRows();
      this.#paintFrame();
      if (stay) this.#toBottom();
      this.#scrolled();
    });
  }

  #rows(): Row[] {
    const log = this.#log;
    const client = this.#visitor.client;
    const limit = client?.sync.limits.text_chars ?? 4000;
    const rows: Row[] = [];
    if (this.#inbox) {
      const greeting = this.#inbox.greeting[lang()] ?? this.#inbox.greeting.en;
      const agent = this.#inbox.agent.name;
      const build = () =>
        h("li", { class: "row agent", "data-testid": "greeting" }, h("span", { class: "meta" }, agent), h("div", { class: "bubble" }, greeting));
      if (greeting && (!log || log.floor >= (log.messages[0]?.seq ?? 1))) rows.push({ key: "greeting", signature: greeting, build });
    }
    const newest = log?.messages.findLast((message) => message.kind === "text");
    for (const message of log?.messages ?? []) {
      rows.push(messageRow(log!, message, client?.sync.me?.id, message === newest, this.#actions));
    }
    const drafts = log ? client!.drafts(log.conversation.id) : [];
    for (const draft of [...drafts, ...this.#early]) rows.push(draftRow(draft, limit, this.#actions));
    return rows;
  }

  #paintRows(): void {
    const keep = new Set<string>();
    let at: ChildNode | null = this.#list.firstChild;
    for (const row of this.#rows()) {
      keep.add(row.key);
      const known = this.#built.get(row.key);
      const node = known?.signature === row.signature ? known.node : row.build();
      if (node !== known?.node) {
        if (known) {
          if (at === known.node) at = node;
          known.node.replaceWith(node);
        }
        this.#built.set(row.key, { signature: row.signature, node });
      }
      if (node === at) at = node.nextSibling;
      else this.#list.insertBefore(node, at);
    }
    while (at) {
      const next: ChildNode | null = at.nextSibling;
      at.remove();
      at = next;
    }
    for (const key of this.#built.keys()) if (!keep.has(key)) this.#built.delete(key);
    // Screen readers wait for the finished answer instead of reading every piece.
    const streaming = this.#log?.messages.some((message) => message.state === "streaming") ?? false;
    this.#region.ariaBusy = String(streaming);
    this.#region.ariaLabel = t("log");
  }

  #paintFrame(): void {
    const log = this.#log;
    const ticket = log?.conversation.ticket;
    const operator = this.#operator();
    const state =
      ticket?.status === "resolved" ? t("notice.ticket.resolved") : ticket?.owner === "queue" ? t("ownedQueue") : operator ? t("ownedOperator", { name: operator }) : t("agent");
    const owner = ticket?.status === "open" ? ticket.owner : "agent";
    this.#header.paint(this.#inbox?.name ?? "", state, owner, operator, !!log?.messages.length);
    const status = this.#visitor.client?.status;
    const words =
      this.#failure ||
      ((status === "offline" || !navigator.onLine) && t("offline")) ||
      this.#answer ||
      (ticket?.status === "resolved" && t("resolvedBanner")) ||
      (ticket?.owner === "queue" && t("queued")) ||
      (!log && this.#inbox?.opens_at && t("awayUntil", { at: moment(this.#inbox.opens_at) }));
    this.#banner.hidden = !words;
    this.#banner.className = `banner ${this.#failure ? "warn" : ""}`;
    if (this.#banner.dataset.said !== words) {
      this.#banner.dataset.said = words || "";
      this.#banner.replaceChildren(words || "");
      if (this.#failure && !this.#inbox) {
        this.#banner.append(" ", h("button", { class: "link", onclick: () => void this.start() }, t("retry")));
      }
    }
    this.#paintSuggestions();
    this.#askForRating(ticket?.status === "resolved");
    const writer = this.#writer;
    this.#typing.replaceChildren(...(writer ? [h("span", { class: "dots" }), t("typing", { name: log?.user(writer)?.name ?? t("someone") })] : []));
    this.#older.textContent = t("older");
    this.#older.hidden = !log?.messages.length || log.messages[0]!.seq <= log.floor;
    this.#newer.textContent = `↓ ${t("newer")}`;
    this.#composer.paint(this.#visitor.client?.sync.limits.text_chars);
  }

  #paintSuggestions(): void {
    const asked = this.#composer.element.hidden || this.#early.length > 0 || !!this.#log?.messages.length || (!!this.#log && this.#visitor.client!.drafts(this.#log.conversation.id).length > 0);
    const list = asked ? [] : (this.#inbox?.suggestions[lang()] ?? this.#inbox?.suggestions.en ?? []);
    const key = list.join("\n");
    if (this.#suggestions.dataset.key === key) return;
    this.#suggestions.dataset.key = key;
    this.#suggestions.ariaLabel = t("suggestions");
    this.#suggestions.replaceChildren(
      ...list.map((text) => h("button", { class: "chip", "data-testid": "suggestion", onclick: () => this.#send(text) }, text)),
    );
  }

  async #loadOlder(): Promise<void> {
    const before = this.#scroller.scrollHeight;
    await this.#visitor.client?.older(this.#visitor.conversation!).catch((error: unknown) => void this.#fail(error));
    requestAnimationFrame(() => requestAnimationFrame(() => (this.#scroller.scrollTop += this.#scroller.scrollHeight - before)));
  }

  #atBottom(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < 60;
  }

  #toBottom(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #scrolled(): void {
    this.#newer.hidden = this.#atBottom();
  }
}
