import { useEffect, useState } from "preact/hooks";
import type { Held } from "../../core";
import { conversations } from "../state/desk";
import { Avatar, Empty, Trouble } from "../parts/parts";
import { api, complain, toast } from "../state/state";
import { ago, t } from "../state/words";

const LEVELS = ["off", "lenient", "standard", "strict"] as const;
const LAYERS = ["lists", "rules", "sender", "campaign", "reputation", "model", "offensive", "injection", "judge", "plugins"] as const;
const ONS = ["flag", "hold", "block", "kept_out"] as const;
const DOS = ["warn", "mute", "ban", "slow"] as const;

interface Consequence {
  on: (typeof ONS)[number];
  do: (typeof DOS)[number];
  after: number;
  within_s: number;
  for_s: number;
}

interface Policy {
  level: (typeof LEVELS)[number] | null;
  layers: Record<string, boolean>;
  hold_at: number | null;
  may_block: boolean | null;
  fails: "open" | "closed" | null;
  consequences: Consequence[] | null;
  [more: string]: unknown;
}

interface PolicyFound {
  kind: string;
  place: string;
  policy: Policy | null;
  holds: Policy;
}

interface Place {
  kind: "workspace" | "conversation";
  id: string;
  name: string;
}

function PolicyForm({ place }: { place: Place }) {
  const [found, setFound] = useState<PolicyFound | null>(null);
  const [list, setList] = useState<Consequence[]>([]);
  const [error, setError] = useState<unknown>(null);
  const path = `/v1/moderation/policies/${place.kind}/${place.id}`;
  const take = (next: PolicyFound) => {
    setFound(next);
    setList(next.policy?.consequences ?? next.holds.consequences ?? []);
    setError(null);
  };
  const load = () => api().get<PolicyFound>(path).then(take, setError);
  useEffect(() => void load(), [path]);
  if (error) return <Trouble error={error} retry={() => void load()} />;
  if (!found) return null;
  const own = found.policy;
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const layers = Object.fromEntries(LAYERS.map((each) => [each, form.has(`layer-${each}`)] as const).filter(([each, on]) => on !== (found.holds.layers[each] ?? true) || own?.layers[each] !== undefined));
    const fails = String(form.get("fails"));
    const level = String(form.get("level"));
    const body = { ...(own ?? {}), level: level || null, layers, fails: fails || null, may_block: form.has("may_block"), consequences: list };
    await api().request<PolicyFound>("PUT", path, { body }).then((next) => { take(next); toast(t("settings.saved")); }, complain);
  };
  const change = (at: number, part: Partial<Consequence>) => setList(list.map((each, index) => (index === at ? { ...each, ...part } : each)));
  return (
    <form class="stack" onSubmit={save} data-testid="policy" key={JSON.stringify(found)}>
      <label>{t("policy.level")}
        <select name="level" value={own?.level ?? ""} data-testid="policy-level">
          <option value="">{t("policy.inherit", { level: t(`policy.${found.holds.level ?? "standard"}`) })}</option>
          {LEVELS.map((each) => <option value={each}>{t(`policy.${each}`)}</option>)}
        </select>
      </label>
      <fieldset>
        <legend>{t("policy.layers")}</legend>
        {LAYERS.map((each) => <label class="check"><input type="checkbox" name={`layer-${each}`} defaultChecked={own?.layers[each] ?? found.holds.layers[each] ?? true} />{t(`policy.layer.${each}`)}</label>)}
      </fieldset>
      <label class="check"><input type="checkbox" name="may_block" defaultChecked={!!(own?.may_block ?? found.holds.may_block)} />{t("policy.mayBlock")}</label>
      <label>{t("policy.fails")}<select name="fails" value={own?.fails ?? ""}><option value="">{t("policy.asServer")}</option><option value="open">{t("policy.open")}</option><option value="closed">{t("policy.closed")}</option></select></label>
      <h2>{t("policy.consequences")}</h2>
      {list.map((each, at) => (
        <div class="rowform" key={at}>
          <select value={each.on} aria-label={t("policy.on")} onChange={(event) => change(at, { on: event.currentTarget.value as Consequence["on"] })}>{ONS.map((on) => <option value={on}>{t(`policy.on.${on}`)}</option>)}</select>
          <input type="number" min="1" max="100" value={each.after} aria-label={t("policy.after")} onInput={(event) => change(at, { after: event.currentTarget.valueAsNumber })} />
          <select value={each.do} aria-label={t("policy.do")} onChange={(event) => change(at, { do: event.currentTarget.value as Consequence["do"] })}>{DOS.map((what) => <option value={what}>{t(`policy.do.${what}`)}</option>)}</select>
          <label class="check"><input type="number" min="1" value={Math.round(each.for_s / 60)} aria-label={t("policy.minutes")} onInput={(event) => change(at, { for_s: event.currentTarget.valueAsNumber * 60 })} />{t("policy.minutes")}</label>
          <button type="button" class="quiet" onClick={() => setList(list.filter((_, index) => index !== at))}>{t("delete")}</button>
        </div>
      ))}
      <div class="actions">
        <button type="button" data-testid="add-consequence" onClick={() => setList([...list, { on: "kept_out", do: "mute", after: 3, within_s: 86_400, for_s: 3600 }])}>{t("policy.add")}</button>
        <button type="submit" class="primary" data-testid="save-policy">{t("save")}</button>
        {own && <button type="button" class="quiet" onClick={() => void api().request<PolicyFound>("DELETE", path).then(take, complain)}>{t("policy.drop")}</button>}
      </div>
    </form>
  );
}

/** How messages are judged: in the workspace, and where a group wants it otherwise. */
export function Policies({ workspace }: { workspace: string }) {
  const places: Place[] = [{ kind: "workspace", id: workspace, name: t("policy.everywhere") }, ...(conversations.value ?? []).filter((each) => each.kind !== "direct").map((each): Place => ({ kind: "conversation", id: each.id, name: each.title ?? each.id }))];
  const [at, setAt] = useState(0);
  return (
    <section class="card stack">
      <label>{t("policy.place")}<select value={String(at)} data-testid="policy-place" onChange={(event) => setAt(Number(event.currentTarget.value))}>{places.map((each, index) => <option value={String(index)}>{each.name}</option>)}</select></label>
      <PolicyForm key={places[at]!.id} place={places[at]!} />
    </section>
  );
}

interface Listing {
  id: string;
  kind: string;
  value: string;
  decision: string;
  name: string;
  at: string;
}

const KINDS = ["link", "phrase", "phone", "handle", "sender", "rule"] as const;
const DECISIONS = ["allow", "flag", "hold", "block"] as const;

/** What is always wanted, and never. */
export function Lists() {
  const [list, setList] = useState<Listing[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = () => api().get<{ list: Listing[] }>("/v1/moderation/list?limit=200").then((reply) => { setList(reply.list); setError(null); }, setError);
  useEffect(() => void load(), []);
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    await api().post("/v1/moderation/list", Object.fromEntries(new FormData(element))).then(() => { element.reset(); void load(); }, complain);
  };
  return (
    <section class="card stack">
      {!!error && <Trouble error={error} retry={() => void load()} />}
      <p class="faint">{t("lists.hint")}</p>
      <form class="rowform" onSubmit={add}>
        <select name="kind" aria-label={t("prechat.kind")} data-testid="list-kind">{KINDS.map((each) => <option value={each}>{t(`lists.${each}`)}</option>)}</select>
        <input name="value" required maxLength={200} aria-label={t("lists.value")} placeholder={t("lists.value")} data-testid="list-value" />
        <select name="decision" aria-label={t("lists.decision")} data-testid="list-decision">{DECISIONS.map((each) => <option value={each}>{t(`lists.${each}`)}</option>)}</select>
        <button type="submit" class="primary" data-testid="list-add">{t("kb.addButton")}</button>
      </form>
      {list?.length === 0 && <Empty title={t("lists.none")} hint="" />}
      <ul class="sourcelist">
        {list?.map((each) => (
          <li class="source" key={each.id} data-testid="listing">
            <div class="who"><b>{each.value}</b><span class="faint">{[t(`lists.${each.kind}` as "lists.link"), t(`lists.${each.decision}` as "lists.allow"), each.name, ago(each.at)].filter(Boolean).join(" · ")}</span></div>
            <button type="button" class="quiet" aria-label={`${t("delete")} ${each.value}`} onClick={() => void api().request("DELETE", `/v1/moderation/list/${each.id}`).then(load, complain)}>{t("delete")}</button>
          </li>
        ))}
      </ul>
    </section>
  );
}

type Appealed = Held & { appeal: { text: string; at: string; state: "waiting" | "granted" | "rejected"; answer: string } };

function AppealCard({ held, changed }: { held: Appealed; changed(): void }) {
  const decide = (event: MouseEvent, decision: "grant" | "reject") => {
    const answer = new FormData((event.currentTarget as HTMLButtonElement).form!).get("answer");
    void api().post(`/v1/held/${held.id}/appeal/decide`, { decision, answer }).catch(complain).then(changed);
  };
  return (
    <li class="card" data-testid="appeal">
      <div class="head"><Avatar name={held.sender.name} kind={held.sender.kind} /><div class="who"><b>{held.sender.name}</b><span class="faint">{ago(held.appeal.at)}</span></div></div>
      <p class="pre said">{held.text}</p>
      <blockquote dir="auto">{held.appeal.text}</blockquote>
      {held.appeal.state === "waiting" ? (
        <form class="stack" onSubmit={(event) => event.preventDefault()}>
          <label>{t("appeals.answer")}<input name="answer" maxLength={1000} data-testid="appeal-answer" /></label>
          <div class="actions">
            <button type="button" class="primary" data-testid="appeal-grant" onClick={(event) => decide(event, "grant")}>{t("appeals.grant")}</button>
            <button type="button" class="danger" data-testid="appeal-reject" onClick={(event) => decide(event, "reject")}>{t("appeals.reject")}</button>
          </div>
        </form>
      ) : <p class="faint">{t(`appeals.${held.appeal.state}`)} {held.appeal.answer}</p>}
    </li>
  );
}

/** What senders say for messages that were blocked. */
export function Appeals() {
  const [state, setState] = useState<"waiting" | "granted" | "rejected">("waiting");
  const [list, setList] = useState<Appealed[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = () => api().get<{ held: Appealed[] }>(`/v1/held/appeals?state=${state}&limit=100`).then((reply) => { setList(reply.held); setError(null); }, setError);
  useEffect(() => void load(), [state]);
  return (
    <>
      <div class="views" role="tablist" aria-label={t("appeals")}>
        {(["waiting", "granted", "rejected"] as const).map((each) => <button type="button" role="tab" aria-selected={each === state} onClick={() => setState(each)}>{t(`appeals.${each}`)}</button>)}
      </div>
      {!!error && <Trouble error={error} retry={() => void load()} />}
      {list?.length === 0 && <Empty title={t("appeals.none")} hint={t("appeals.noneHint")} />}
      <ul class="cards">{list?.map((held) => <AppealCard key={held.id} held={held} changed={() => void load()} />)}</ul>
    </>
  );
}

interface Campaign {
  held: string[];
  senders: number;
  conversations: number;
  last_at: string;
  example: Held;
}

/** Waiting messages that are alike, decided together. */
export function Campaigns({ decide }: { decide(ids: string[], decision: "allow" | "block"): Promise<void> }) {
  const [list, setList] = useState<Campaign[] | null>(null);
  const load = () => api().get<{ campaigns: Campaign[] }>("/v1/held/campaigns").then((reply) => setList(reply.campaigns.filter((each) => each.held.length > 1)), complain);
  useEffect(() => void load(), []);
  if (!list?.length) return null;
  const act = (each: Campaign, decision: "allow" | "block") => void decide(each.held, decision).then(load);
  return (
    <section class="card stack" data-testid="campaigns">
      <h2>{t("campaigns")}</h2>
      {list.map((each) => (
        <div class="turn" key={each.held[0]}>
          <p class="pre said">{each.example.text}</p>
          <span class="faint">{t("campaigns.count", { n: each.held.length, s: each.senders, c: each.conversations })} · {ago(each.last_at)}</span>
          <div class="actions"><button type="button" onClick={() => act(each, "allow")}>{t("allowMany", { n: each.held.length })}</button><button type="button" class="danger" onClick={() => act(each, "block")}>{t("blockMany", { n: each.held.length })}</button></div>
        </div>
      ))}
    </section>
  );
}
