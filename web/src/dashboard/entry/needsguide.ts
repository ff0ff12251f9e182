import { api, store } from "../state/state";

/** Whether this is a workspace without any inbox, whose administrator has not sent the guide away. */
export async function needsGuide(): Promise<boolean> {
  if (store.getItem("myna.guided")) return false;
  return (await api().get<{ inboxes: unknown[] }>("/v1/inboxes")).inboxes.length === 0;
}
