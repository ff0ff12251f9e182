import { effect, signal } from "@preact/signals";
import { ApiError } from "../../core";
import { client, SCREENS, session, store, type Screen } from "./state";

/** What the workspace's roles let somebody do, as the server names it. */
export type Verb = "administer" | "build_bots" | "moderate" | "open_group" | "operate" | "see_knowledge" | "see_turns" | "take" | "teach";

const KEPT = "myna.verbs";

const verbs = signal<readonly string[] | null>(null);

/** What each screen is worth nothing without; the others are for everybody. */
const NEEDED: Partial<Record<Screen, Verb>> = {
  inbox: "operate",
  review: "moderate",
  knowledge: "see_knowledge",
  agents: "see_knowledge",
  contacts: "operate",
  reports: "operate",
  bots: "build_bots",
  security: "administer",
};

function recalled(user: string): string[] | null {
  const [whose, ...kept] = (store.getItem(KEPT) ?? "").split(" ");
  return whose === user ? kept : null;
}

effect(() => {
  const live = client.value;
  if (!live) return;
  const user = session.peek()?.user.id ?? "";
  verbs.value = recalled(user);
  live.api.get<{ verbs: string[] }>("/v1/me").then(
    (reply) => {
      verbs.value = reply.verbs;
      store.setItem(KEPT, [user, ...reply.verbs].join(" "));
    },
    (error: unknown) => {
      // Without the server what was known at the last visit stands.
      if (!(error instanceof ApiError)) throw error;
    },
  );
});

/** Whether this person may do something in the workspace. Only what is offered depends on it; the server decides. */
export function may(verb: Verb): boolean {
  const role = session.value?.role;
  if (!role) return false;
  return verbs.value?.includes(verb) ?? (["owner", "admin"].includes(role) || !["administer", "build_bots"].includes(verb));
}

/** The screens that this person can use, in the order of the rail. */
export function screens(): Screen[] {
  return SCREENS.filter((screen) => !NEEDED[screen] || may(NEEDED[screen]));
}
