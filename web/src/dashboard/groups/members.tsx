import { useEffect, useState } from "preact/hooks";
import { ApiError, type Conversation, type Member, type User } from "../../core";
import { loadConversations } from "../state/desk";
import { Avatar, Dialog } from "../parts/parts";
import { api, complain, go, me } from "../state/state";
import { t } from "../state/words";

const ROLES = ["owner", "admin", "moderator", "member", "guest", "read_only"] as const;
type Role = (typeof ROLES)[number];
const rank = (role: string) => ROLES.length - ROLES.indexOf(role as Role);

interface Props {
  conversation: Conversation;
  close(): void;
}

function Line({ member, conversation }: { member: Member; conversation: Conversation }) {
  const [sure, setSure] = useState(false);
  const { user, role } = member;
  const mine = conversation.me?.role ?? "";
  const path = `/v1/conversations/${conversation.id}/members/${user.id}`;
  // Nobody acts on somebody of the same rank or above; an owner may make others owners.
  const below = user.id !== me().id && rank(mine) >= rank("moderator") && rank(role) < rank(mine);
  const offered = ROLES.filter((each) => rank(each) < rank(mine) || mine === "owner" || each === role);
  const give = (wanted: string) => api().request("PATCH", path, { body: { role: wanted } }).catch(complain);
  const remove = () => api().request("DELETE", path).catch(complain);
  return (
    <li class="source" data-testid="seat" data-user={user.id}>
      <Avatar name={user.name} kind={user.agent ? "agent" : user.kind} />
      <div class="who">
        <b>{user.name}{user.agent && <i class="tag">{t("aiMember")}</i>}</b>
        <span class="faint">{user.id === me().id ? t("you") : (user.handle ?? "")}</span>
      </div>
      {below
        ? <select value={role} aria-label={`${t("seat.role")}: ${user.name}`} data-testid="seat-role" onChange={(event) => void give(event.currentTarget.value)}>{offered.map((each) => <option value={each}>{t(`seat.${each}`)}</option>)}</select>
        : <span class="faint">{t(`seat.${role as Role}`)}</span>}
      {below && <button type="button" class={sure ? "danger" : "quiet"} aria-label={`${t("seat.remove")}: ${user.name}`} data-testid="seat-remove" onBlur={() => setSure(false)} onClick={() => (sure ? void remove() : setSure(true))}>{t(sure ? "seat.removeSure" : "seat.remove")}</button>}
    </li>
  );
}

function Adding({ conversation }: { conversation: Conversation }) {
  const [users, setUsers] = useState<User[]>([]);
  const [typed, setTyped] = useState("");
  useEffect(() => {
    api().get<{ users: User[] }>("/v1/people").then((reply) => setUsers(reply.users), (error: unknown) => {
      // Whoever may not list the workspace cannot choose anybody.
      if (!(error instanceof ApiError)) throw error;
    });
  }, []);
  const seated = new Set(conversation.members.map((each) => each.user.id));
  const wanted = typed.trim().toLowerCase();
  const found = users.filter((each) => each.kind !== "visitor" && !seated.has(each.id) && [each.name, each.handle ?? ""].some((name) => name.toLowerCase().includes(wanted))).slice(0, 8);
  const add = (user: User) => api().post(`/v1/conversations/${conversation.id}/members`, { users: [user.id] }).then(() => setTyped(""), complain);
  if (users.every((each) => seated.has(each.id))) return null;
  return (
    <>
      <h3>{t("seat.add")}</h3>
      <input type="search" value={typed} placeholder={t("seat.find")} aria-label={t("seat.find")} data-testid="seat-find" onInput={(event) => setTyped(event.currentTarget.value)} />
      {found.length === 0 && <p class="faint" role="status">{t("paletteNothing")}</p>}
      <div class="sources">
        {found.map((each) => <button type="button" class="chip small" key={each.id} data-testid="seat-add" onClick={() => void add(each)}>+ {each.name}</button>)}
      </div>
    </>
  );
}

/** Who is in a group and as what: adding and removing people, its name, and the way out. */
export function Members({ conversation, close }: Props) {
  const [sure, setSure] = useState(false);
  const mine = conversation.me?.role ?? "";
  const direct = conversation.kind === "direct";
  const invites = (conversation as { policy?: { invites?: string } }).policy?.invites ?? "moderator";
  const rename = (event: SubmitEvent) => {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget as HTMLFormElement).get("title")).trim();
    if (title) void api().request("PATCH", `/v1/conversations/${conversation.id}`, { body: { title } }).then(() => loadConversations(), complain);
  };
  const leave = () => api().request("DELETE", `/v1/conversations/${conversation.id}/members/me`).then(() => {
    close();
    go("groups");
    void loadConversations();
  }, complain);
  const seats = conversation.members.toSorted((a, b) => rank(b.role) - rank(a.role) || a.user.name.localeCompare(b.user.name));
  return (
    <Dialog title={t("seat.title", { n: seats.length })} close={close} testid="members-dialog">
      {!direct && rank(mine) >= rank("admin") && (
        <form class="inline" onSubmit={rename}>
          <input name="title" required maxLength={200} defaultValue={conversation.title ?? ""} aria-label={t("groupTitle")} data-testid="group-rename" />
          <button type="submit" data-testid="group-rename-save">{t("save")}</button>
        </form>
      )}
      <ul class="sourcelist">{seats.map((each) => <Line key={each.user.id} member={each} conversation={conversation} />)}</ul>
      {!direct && rank(mine) >= rank(invites) && <Adding conversation={conversation} />}
      {!direct && conversation.me && (
        <div class="actions leave">
          <button type="button" class="danger" data-testid="group-leave" onBlur={() => setSure(false)} onClick={() => (sure ? void leave() : setSure(true))}>{t(sure ? "seat.leaveSure" : "seat.leave")}</button>
        </div>
      )}
    </Dialog>
  );
}
