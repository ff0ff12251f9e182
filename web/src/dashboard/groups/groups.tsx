import { useEffect, useState } from "preact/hooks";
import { ApiError, type Conversation, type User } from "../../core";
import { conversations, listError, loadConversations, tickets } from "../state/desk";
import { Icon } from "../parts/icons";
import { Avatar, Dialog, Empty, Trouble } from "../parts/parts";
import { Members } from "./members";
import { Mentions } from "../conversation/mentions";
import { preview } from "../state/preview";
import { may } from "../state/rights";
import { api, complain, go, me, route } from "../state/state";
import { Thread, useLog } from "../conversation/thread";
import { ThreadPane } from "./threadpane";
import { loadThreads, openThread } from "../state/threads";
import { VirtualList } from "../parts/virtual";
import { ago, t } from "../state/words";

function titleOf(conversation: Conversation): string {
  const others = conversation.members.filter((each) => each.user.id !== me().id).map((each) => each.user.name);
  return conversation.title || others.join(", ") || t("group");
}

function known(): User[] {
  const rows = Object.values(tickets.value).flatMap((list) => (list ?? []).map((row) => row.conversation_detail));
  const users = [...rows, ...(conversations.value ?? [])].flatMap((each) => each.members.map((member) => member.user));
  return [...new Map(users.map((user) => [user.id, user])).values()];
}

function NewGroup({ close }: { close(): void }) {
  const [users, setUsers] = useState<User[]>(known);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    api().get<{ users: User[] }>("/v1/people").then((reply) => setUsers(reply.users), (error: unknown) => {
      // Whoever may not list the workspace chooses among the people they know.
      if (!(error instanceof ApiError)) throw error;
    });
  }, []);
  const choices = users.filter((user) => user.kind !== "visitor" && user.id !== me().id);
  const toggle = (id: string) => setChosen(new Set(chosen.has(id) ? [...chosen].filter((each) => each !== id) : [...chosen, id]));
  const create = async (event: SubmitEvent) => {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget as HTMLFormElement).get("title")).trim();
    const [only] = chosen;
    try {
      const made = await api().post<Conversation>("/v1/conversations", title ? { kind: "group", title, members: [...chosen] } : { kind: "direct", user: only });
      close();
      void loadConversations();
      go("groups", made.id);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Dialog title={t("newGroup")} close={close} testid="new-group-dialog">
      <form class="stack" onSubmit={create}>
        <label>{t("groupTitle")}<input name="title" required={chosen.size !== 1} maxLength={120} placeholder={chosen.size === 1 ? t("groupDirect") : ""} data-testid="group-title" /></label>
        <fieldset>
          <legend>{t("groupMembers")}</legend>
          {choices.length === 0 && <p class="faint">{t("noUsers")}</p>}
          {choices.map((user) => (
            <label class="check">
              <input type="checkbox" checked={chosen.has(user.id)} onChange={() => toggle(user.id)} data-testid="group-member" data-user={user.id} />
              {user.name} {user.agent && <i class="tag">{t("aiMember")}</i>}
            </label>
          ))}
        </fieldset>
        <button type="submit" class="primary" data-testid="create-group">{t("createGroup")}</button>
      </form>
    </Dialog>
  );
}

function Item({ row }: { row: Conversation }) {
  const last = row.last_message;
  const open = route.value.id === row.id;
  return (
      <a href={`#/groups/${row.id}`} class="item" aria-current={open ? "true" : undefined} data-testid="group" data-conversation={row.id}>
        <Avatar name={titleOf(row)} kind={row.kind} />
        <span class="lines">
          <span class="top"><b>{titleOf(row)}</b><time>{ago(last?.created_at ?? row.changed_at)}</time></span>
          <span class="preview">{preview(row)}</span>
        </span>
        {!open && !!row.me?.unread && <b class="badge">{row.me.unread}</b>}
      </a>
  );
}

function Open({ conversation }: { conversation: string }) {
  const { log } = useLog(conversation);
  const members = log?.conversation.members ?? [];
  const [seats, setSeats] = useState(false);
  const thread = openThread.value?.conversation === conversation ? openThread.value.seq : null;
  useEffect(() => void loadThreads(conversation).catch(() => undefined), [conversation]);
  return (
    <>
      <section class="pane" aria-label={t("messages")}>
        <header class="bar">
          <button type="button" class="icon narrow" aria-label={t("back")} data-testid="back" onClick={() => go("groups")}><Icon name="back" /></button>
          <div class="who">
            <h1>{log && titleOf(log.conversation)}</h1>
            <span class="faint">{members.map((each) => (each.user.agent ? `${each.user.name} (${t("aiMember")})` : each.user.name)).join(", ")}</span>
          </div>
          {log && <button type="button" class="icon" aria-label={t("seat.title", { n: members.length })} title={t("seat.title", { n: members.length })} data-testid="members" onClick={() => setSeats(true)}><Icon name="groups" /></button>}
        </header>
        <Thread conversation={conversation} placeholder={t("messagePlaceholder")} />
        {seats && log && <Members conversation={log.conversation} close={() => setSeats(false)} />}
      </section>
      {log && thread !== null && <ThreadPane key={thread} log={log} seq={thread} />}
    </>
  );
}

export function Groups() {
  const [making, setMaking] = useState(false);
  const { id } = route.value;
  const rows = conversations.value;
  const [calls, setCalls] = useState(false);
  const beside = id && openThread.value?.conversation === id;
  useEffect(() => void loadConversations(), []);
  return (
    <div class={`screen ${beside ? "three" : "two"} ${id ? "opened" : ""}`}>
      <section class="list" aria-label={t("groups")}>
        <div class="titled">
          <h1>{t("groups")}</h1>
          {may("open_group") && <button type="button" class="icon" aria-label={t("newGroup")} data-testid="new-group" onClick={() => setMaking(true)}><Icon name="plus" /></button>}
        </div>
        <div class="views" role="tablist" aria-label={t("groups")}>
          <button type="button" role="tab" aria-selected={!calls} data-testid="groups-all" onClick={() => setCalls(false)}>{t("groups")}</button>
          <button type="button" role="tab" aria-selected={calls} data-testid="groups-mentions" onClick={() => setCalls(true)}>{t("view.mentions")}</button>
        </div>
        {calls && <Mentions />}
        {!calls && !!listError.value && !rows && <Trouble error={listError.value} retry={() => void loadConversations()} />}
        {!calls && rows?.length === 0 && (
          <Empty title={t("empty.groups")} hint={t("empty.groupsHint")}>
            {may("open_group") && <button type="button" class="chip" onClick={() => setMaking(true)}>{t("newGroup")}</button>}
          </Empty>
        )}
        {!calls && !!rows?.length && <VirtualList rows={rows} height={64} keyOf={(row) => row.id}>{(row) => <Item row={row} />}</VirtualList>}
      </section>
      {id ? <Open key={id} conversation={id} /> : <section class="pane idle"><Empty title={t("pickGroup")} hint={t("empty.groupsHint")} /></section>}
      {making && <NewGroup close={() => setMaking(false)} />}
    </div>
  );
}
