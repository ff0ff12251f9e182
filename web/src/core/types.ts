/** The objects of `myna.v1`, as every transport carries them. Ids are strings, times ISO 8601 in UTC. */

export interface User {
  id: string;
  kind: "human" | "visitor" | "bot";
  handle: string | null;
  name: string;
  locale: string;
  agent: boolean;
}

export interface Citation {
  n: number;
  chunk: string;
  version: number;
  source: string;
  title: string;
  heading: string | null;
  quote: string;
  /** Span of `quote` in the passage's text, in Unicode code points. */
  start: number;
  end: number;
}

export interface Offer {
  action: "hand_off" | "ask" | "leave_message";
  label: string;
  text?: string;
}

/** A file as messages list it; while it is uploaded also how far it is. */
export interface FileInfo {
  id: string;
  name: string;
  type: string;
  size: number;
  width: number | null;
  height: number | null;
  thumbnail: boolean;
  state: string;
  offset: number;
}

export interface Card {
  title?: string;
  text?: string;
  image?: string;
  fields?: { label: string; value: string }[];
}

export interface Button {
  label: string;
  action?: string;
  value?: string;
  url?: string;
  style?: "plain" | "primary" | "danger";
}

export interface FormField {
  name: string;
  label: string;
  kind: "text" | "number" | "choice" | "bool" | "date" | "email";
  required?: boolean;
  max_length?: number | null;
  multiline?: boolean;
  placeholder?: string | null;
  min?: number | null;
  max?: number | null;
  options?: string[];
}

export interface Form {
  id: string;
  title: string;
  submit?: string;
  user?: string | null;
  fields: FormField[];
}

/** A file that a bot sent. */
export interface Attachment {
  id: string;
  name: string;
  type: string;
  size: number;
  /** Whether it is a picture. */
  thumbnail?: boolean;
}

export interface MessageBody {
  text?: string;
  /** Ids of users, or `all`. */
  mentions?: string[];
  /** Ids in a draft, objects in the log. */
  files?: (FileInfo | string)[];
  attachments?: Attachment[];
  card?: Card;
  buttons?: Button[][];
  form?: Form;
  lang?: string;
  citations?: Citation[];
  offers?: Offer[];
  /** The bot that found it for its sender. */
  via_bot?: Pick<User, "id" | "name" | "handle">;
  /** Only in notices: what happened, for the client to say in its own language. */
  code?: string;
  data?: Record<string, unknown>;
}

export interface Message {
  conversation: string;
  seq: number;
  sender: string;
  client_id: string;
  kind: "text" | "notice";
  state: "sent" | "streaming" | "interrupted" | "recalled";
  body: MessageBody;
  reply_to: number | null;
  /** The message in whose thread it is. */
  thread?: number;
  created_at: string;
  edited_at?: string;
  /** Number of users by emoji; 0 once all have taken it off again. */
  reactions?: Record<string, number>;
}

export interface Ticket {
  conversation: string;
  inbox: string;
  visitor: string | User;
  owner: "agent" | "queue" | "operator";
  owner_user: string | null;
  epoch: number;
  status: "open" | "resolved";
  reason: string | null;
  summary: string | null;
  created_at: string;
  changed_at: string;
}

export interface Member {
  user: User;
  role: "owner" | "admin" | "moderator" | "member" | "guest";
  read_seq: number;
  from_seq: number;
}

export interface Conversation {
  id: string;
  kind: "direct" | "group" | "channel" | "support";
  title: string | null;
  seq: number;
  rev: number;
  created_at: string;
  changed_at: string;
  members: Member[];
  ticket: Ticket | null;
  inbox: { id: string; key: string; name: string } | null;
  me: { role: string; read_seq: number; from_seq: number; unread: number } | null;
  last_message: Message | null;
}

export interface Reason {
  code: string;
  detail: string;
  weight: number;
}

export interface Held {
  id: string;
  conversation: string;
  conversation_title: string | null;
  conversation_kind: string;
  sender: User;
  client_id: string;
  text: string;
  reasons: Reason[];
  score: number;
  state: "waiting" | "allowed" | "blocked";
  created_at: string;
  decided_by: string | null;
  decided_at: string | null;
  seq: number | null;
  /** What the sender said for it, once it was refused, and the answer. */
  appeal?: { text: string; state: string; answer: string | null } | null;
}

export interface Problem {
  title: string;
  status: number;
  detail: string;
  code: string;
  temporary: boolean;
  retry_ms?: number;
  fields?: { where?: string; name?: string; message: string }[];
  ticket?: Ticket;
}

export interface Session {
  access_token: string;
  refresh_token: string;
  /** Seconds that `access_token` stays valid. */
  expires_in: number;
  user: User;
  role?: string | null;
}

export interface Turn {
  id: string;
  trigger_seq: number;
  seq: number | null;
  state: string;
  decision: "answer" | "ask_back" | "hand_off" | "silent" | "decline" | null;
  reason: string | null;
  engine: string | null;
  confidence: number | null;
  threshold: number | null;
  passages: { chunk: string; title: string; heading: string | null; score: number; quote: string }[];
  took_ms: number | null;
  /** What else led to the decision; which parts there are depends on the turn. */
  trace?: { guidance?: string[]; tools?: { tool: string; outcome: string }[]; tokens?: { model: string; in: number; out: number; cost?: number | null }[] };
  created_at: string;
}

export interface Passage {
  chunk: string;
  version: number;
  source: string;
  title: string;
  heading: string | null;
  text: string;
  start: number;
  end: number;
  lang: string | null;
  kind: "text" | "faq";
  url: string | null;
  score?: number;
  question?: string | null;
  answer?: string | null;
}

export interface KnowledgeBase {
  id: string;
  name: string;
  audience: string;
  sources: number;
  chunks: number;
  embedder: string;
  state: "ready" | "indexing" | "rebuilding";
  notice: string | null;
}

export interface Source {
  id: string;
  title: string;
  kind: "file" | "text" | "faq" | "url" | "site" | "conversations" | "plugin";
  lang: string | null;
  chunks: number;
  state: string;
  error: string | null;
  changed_at: string;
}

export interface Job {
  id: string;
  state: "queued" | "running" | "done" | "failed" | "cancelled";
  done: number;
  total: number;
  errors: (string | { message: string })[];
}

/** Highest rev and seq of a conversation, and where this member has read to and may read from. */
export type Head = [rev: number, seq: number, read_seq: number, from_seq: number];

export interface EventFrame {
  op: "event";
  conversation: string;
  rev: number;
  pos: number;
  kind: string;
  seq: number | null;
  data: unknown;
}

export interface ReadyFrame {
  op: "ready";
  session?: string;
  epoch: number | string;
  pos: number;
  heartbeat_s?: number;
  limits?: Record<string, number>;
  user?: User;
  heads: Record<string, Head>;
  more?: boolean;
}

export interface PageFrame {
  op: "page";
  ref?: string;
  conversation: string;
  from_rev: number;
  events: EventFrame[];
  head_rev: number;
  floor_seq: number;
  snapshot?: unknown;
}

export interface AckFrame {
  op: "ack";
  ref?: string;
  client_id: string;
  conversation: string;
  seq: number | null;
  rev: number | null;
  ts: string;
  duplicate?: boolean;
  held?: string | null;
}

export interface NackFrame {
  op: "nack";
  ref?: string;
  client_id?: string;
  code: number;
  error: string;
  detail: string;
  temporary: boolean;
  retry_ms?: number;
  /** More about this error: of a refused message its id, for an appeal. */
  extra?: { held?: string };
}

export type SignalFrame =
  | { op: "typing"; conversation: string; user: string; on: boolean }
  | { op: "read"; conversation: string; user: string; seq: number }
  | { op: "action_answer"; conversation: string; seq: number; text: string; alert: boolean; url: string | null }
  | { op: "held"; held: Held };

export type ServerFrame =
  | ReadyFrame
  | EventFrame
  | PageFrame
  | AckFrame
  | NackFrame
  | SignalFrame
  | { op: "delta"; conversation: string; seq: number; offset: number; text: string }
  | { op: "stream_snapshot"; conversation: string; seq: number; text: string }
  | { op: "heads"; heads: Record<string, number> }
  | { op: "pong"; n: number }
  | { op: "bye"; code: number; retry_ms?: number; reason?: string };

export type ClientFrame = { op: string; ref?: string } & Record<string, unknown>;
