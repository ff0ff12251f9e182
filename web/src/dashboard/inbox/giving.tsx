import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ApiError, type Ticket } from "../../core";
import { apply, doing, loadTickets } from "../state/desk";
import { colleagues, loadColleagues } from "../conversation/mentions";
import { Avatar, Dialog } from "../parts/parts";
import { Snooze } from "./snooze";
import { api, client, complain } from "../state/state";
import { t } from "../state/words";

interface Label {
  id: string;
  name: string;
}

async function give(conversation: string, user: string): Promise<void> {
  const epoch = client.value?.log(conversation)?.conversation.ticket?.epoch;
  try {
    apply(await api().post<Ticket>(`/v1/conversations/${conversation}/assign`, { user, epoch }));
  } catch (error) {
    if (error instanceof ApiError && error.problem.ticket) apply(error.problem.ticket);
    complain(error);
  }
  void loadTickets();
}

function Assign({ conversation }: { conversation: string }) {
  useEffect(() => void loadColleagues(), []);
  const close = () => (doing.value = null);
  return (
    <Dialog title={t("assign")} close={close} testid="assign-dialog">
      {colleagues.value?.length === 0 && <p class="faint">{t("assign.nobody")}</p>}
      <ul class="sourcelist">
        {colleagues.value?.map((each) => (
          <li class="source" key={each.id}>
            <Avatar name={each.name} />
            <button type="button" class="link who" data-testid="assign-to" onClick={() => void give(conversation, each.id).then(close)}>{each.name}</button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Labels({ conversation }: { conversation: string }) {
  const [known, setKnown] = useState<Label[] | null>(null);
  const [worn, setWorn] = useState<ReadonlySet<string>>(new Set());
  const path = `/v1/conversations/${conversation}/labels`;
  useEffect(() => {
    api().get<{ labels: Label[] }>("/v1/desk/labels").then((reply) => setKnown(reply.labels), complain);
    api().get<{ labels: string[] }>(path).then((reply) => setWorn(new Set(reply.labels)), complain);
  }, [conversation]);
  const put = async (label: string, on: boolean) => {
    try {
      setWorn(new Set((await api().request<{ labels: string[] }>("PUT", `${path}/${label}`, { body: { on } })).labels));
      labelChanges.value++;
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Dialog title={t("labels")} close={() => (doing.value = null)} testid="label-dialog">
      {known?.length === 0 && <p class="faint">{t("labels.none")}</p>}
      {known?.map((each) => <label class="check"><input type="checkbox" checked={worn.has(each.id)} data-testid="wear-label" onChange={(event) => void put(each.id, event.currentTarget.checked)} /> {each.name}</label>)}
    </Dialog>
  );
}

/** Counts up when labels of a conversation changed here. */
export const labelChanges = signal(0);

export function Doing({ conversation }: { conversation: string }) {
  if (doing.value === "assign") return <Assign conversation={conversation} />;
  if (doing.value === "snooze") return <Snooze conversation={conversation} />;
  return doing.value === "label" ? <Labels conversation={conversation} /> : null;
}
