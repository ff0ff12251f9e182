import { call, StoredSession, TextDrafts, textStore, type Client, type Conversation, type FormField, type Session, type User } from "../core";
import type { Identity } from "../widget/bridge";
import type { Challenge, Proof } from "./proof";
import { tag } from "./words";

export interface Inbox {
  key: string;
  name: string;
  agent: User;
  greeting: Record<string, string>;
  suggestions: Record<string, string[]>;
  locale: string;
  /** What is asked before the first message. */
  prechat: FormField[];
  /** When people answer next; null while they do. */
  opens_at: string | null;
}

/** The live connection is fetched when somebody writes or comes back: looking at the greeting does not need it. */
export const load = () => import("./more");

/**
 * The visitor behind this frame.
 *
 * Nobody is registered before the first message: opening the chat only reads the inbox. Tokens stay in the storage of
 * the frame's own origin and never reach the customer's page.
 */
export class Visitor {
  client: Client | null = null;
  conversation: string | null = null;
  more: Awaited<ReturnType<typeof load>> | null = null;
  #answers: Record<string, unknown> = {};
  #identity: Identity = null;
  readonly #store = textStore();
  readonly #tokens: StoredSession;
  #starting: Promise<Client> | null = null;

  readonly #origin: string;
  readonly #inbox: string;
  readonly #attached: (client: Client) => void;

  constructor(
    origin: string,
    inbox: string,
    attached: (client: Client) => void,
  ) {
    this.#origin = origin;
    this.#inbox = inbox;
    this.#attached = attached;
    this.#tokens = new StoredSession(origin, this.#store, `myna.visitor.${inbox}`, () => this.#register());
  }

  get returning(): boolean {
    return this.#tokens.session !== null;
  }

  /** Fetches the connection's code ahead of the first message. */
  prepare(): void {
    load().catch(() => undefined);
  }

  loadInbox(): Promise<Inbox> {
    return call<Inbox>("GET", `${this.#origin}/v1/inboxes/${encodeURIComponent(this.#inbox)}`);
  }

  /** Picks up the newest conversation of a returning visitor. */
  async resume(): Promise<void> {
    const client = await this.#connect();
    const list = await client.api.get<{ conversations: Conversation[] }>("/v1/conversations?limit=20");
    const last = list.conversations.find((each) => each.inbox?.key === this.#inbox);
    if (last) await this.#enter(client, last.id);
  }

  /** The open conversation, started when there is none. */
  async ensure(): Promise<{ client: Client; conversation: string }> {
    const client = await this.#connect();
    if (!this.conversation) {
      const body = { kind: "support", inbox: this.#inbox };
      const { id } = await client.api.post<Conversation>("/v1/conversations", body);
      await this.#enter(client, id);
      return { client, conversation: id };
    }
    return { client, conversation: this.conversation };
  }

  /** Becomes a visitor who has answered the first questions; throws ApiError with `fields` when an answer will not do. */
  async begin(answers: Record<string, unknown>): Promise<void> {
    this.#answers = answers;
    await this.#connect();
  }

  /**
   * Becomes whom the site vouches for, with the conversations that person had anywhere; or nobody, when null ends it.
   * The conversation of another person never stays on the screen.
   */
  async identify(identity: Identity): Promise<void> {
    const before = this.#tokens.session;
    if (!identity) {
      this.#tokens.drop();
      if (before) location.reload();
      return;
    }
    this.#identity = identity;
    const { user } = this.#tokens.keep(await this.#register(before ? await this.#tokens.get() : ""));
    if (!before) await this.resume();
    else if (user.id !== before.user.id) location.reload();
  }

  async #enter(client: Client, conversation: string): Promise<void> {
    await client.open(conversation);
    this.conversation = conversation;
    this.#attached(client);
  }

  /** When many begin from this address, the server asks for a proof of work first; solving it is fetched only then. */
  #register(token = "", proof?: Proof): Promise<Session> {
    return call<Session>("POST", `${this.#origin}/v1/visitors`, {
      body: { inbox: this.#inbox, locale: tag(), answers: this.#answers, identity: this.#identity, proof },
      headers: { Authorization: `Bearer ${token}` },
    }).catch(async (error: { status?: number; problem: unknown }) => {
      if (error.status !== 428) throw error;
      const proof = await import("./proof");
      return this.#register(token, await proof.solve(error.problem as Challenge));
    });
  }

  #connect(): Promise<Client> {
    this.#starting ??= this.#begin().catch((error: unknown) => {
      this.#starting = null;
      throw error;
    });
    return this.#starting;
  }

  async #begin(): Promise<Client> {
    const session = this.#tokens.session ?? this.#tokens.keep(await this.#register());
    const drafts = new TextDrafts(this.#store, `myna.drafts.${this.#inbox}`);
    this.more = await load();
    const { Client, poll, socket } = this.more;
    const client = new Client(this.#origin, this.#tokens, drafts, session.user, [socket, poll]);
    await client.start();
    this.client = client;
    return client;
  }
}
