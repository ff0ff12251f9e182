import { useEffect, useState } from "preact/hooks";
import type { Held } from "../../core";
import { heldChanges, loadWaiting, waiting } from "../state/desk";
import { Avatar, Clamped, Empty, Trouble } from "../parts/parts";
import { Appeals, Campaigns, Lists, Policies } from "./policies";
import { api, complain, session, toast } from "../state/state";
import { ago, coded, t } from "../state/words";

type State = "waiting" | "flagged" | "allowed" | "blocked";
const STATES: State[] = ["waiting", "flagged", "allowed", "blocked"];
const MORE = ["appeals", "policy", "lists"] as const;
const MORE_WORDS = { appeals: "appeals", policy: "policies", lists: "lists" } as const;
const cache: Partial<Record<State, Held[]>> = {};

function Reasons({ held }: { held: Held }) {
  const top = Math.max(...held.reasons.map((each) => Math.abs(each.weight)), 0.001);
  return (
    <ul class="reasons">
      {held.reasons.map((each) => (
        <li title={each.detail}>
          <span>{coded("why", each.code)}</span>
          <meter min={0} max={top} value={Math.abs(each.weight)} />
          <span class="faint">{each.weight >= 0 ? "+" : "−"}{Math.abs(each.weight).toFixed(2)}</span>
          {each.detail && <small>{each.detail}</small>}
        </li>
      ))}
    </ul>
  );
}

interface CardProps {
  held: Held;
  chosen: boolean;
  choose(): void;
  decide(decision: "allow" | "block"): void;
}

function Card({ held, chosen, choose, decide }: CardProps) {
  return (
    <li class="card held" data-testid="held" data-held={held.id}>
      <div class="head">
        {held.state === "waiting" && <input type="checkbox" checked={chosen} onChange={choose} aria-label={t("select")} data-testid="held-select" />}
        <Avatar name={held.sender.name} kind={held.sender.kind} />
        <div class="who">
          <b>{held.sender.name}</b>
          <span class="faint">{t("inConversation", { title: held.conversation_title || t(held.conversation_kind as "support") })} · {ago(held.created_at)}</span>
        </div>
        <span class="score">{t("score", { n: held.score.toFixed(2) })}</span>
      </div>
      <Clamped text={held.text} />
      <Reasons held={held} />
      {(held.state === "waiting" || (held.state as State) === "flagged") && (
        <div class="actions">
          <button type="button" class="primary" data-testid="allow" onClick={() => decide("allow")}>{t("allow")}</button>
          <button type="button" class="danger" data-testid="block" onClick={() => decide("block")}>{t("block")}</button>
        </div>
      )}
    </li>
  );
}

export function Review() {
  const [state, setState] = useState<State>("waiting");
  const [rows, setRows] = useState<Held[] | undefined>(cache.waiting);
  const [more, setMore] = useState<(typeof MORE)[number] | null>(null);
  const [workspace, setWorkspace] = useState("");
  const administers = ["owner", "admin"].includes(session.value?.role ?? "");
  useEffect(() => {
    if (more === "policy") api().get<{ workspace: { id: string } }>("/v1/me").then((reply) => setWorkspace(reply.workspace.id), complain);
  }, [more]);
  const [error, setError] = useState<unknown>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const changes = heldChanges.value;

  const load = () =>
    api().get<{ held: Held[]; waiting: number }>(`/v1/held?state=${state}&limit=100`).then((reply) => {
      cache[state] = reply.held;
      waiting.value = reply.waiting;
      setRows(reply.held);
      setError(null);
    }, setError);
  useEffect(() => {
    setRows(cache[state]);
    setChosen(new Set());
  }, [state]);
  useEffect(() => void load(), [state, changes]);

  const decide = async (ids: string[], decision: "allow" | "block") => {
    setRows(rows?.filter((each) => !ids.includes(each.id)));
    setChosen(new Set());
    if (ids.length === 1) await api().post(`/v1/held/${ids[0]}/decide`, { decision }).catch(complain);
    else {
      // One request, since what somebody wrote is let in in its order.
      const told = await api().post<{ results: { error?: string }[] }>("/v1/held/decide", { held: ids, decision }).catch(complain);
      const failed = told?.results.filter((each) => each.error) ?? [];
      if (failed.length) toast(t("review.undecided", { n: failed.length, why: coded("error", failed[0]!.error!) }), true);
    }
    await Promise.all([load(), loadWaiting()]);
  };
  const toggle = (id: string) => setChosen(new Set(chosen.has(id) ? [...chosen].filter((each) => each !== id) : [...chosen, id]));
  const all = rows?.map((each) => each.id) ?? [];
  return (
    <div class="screen one">
      <div class="column">
        <h1>{t("review")}</h1>
        <div class="views" role="tablist" aria-label={t("review")}>
          {STATES.map((each) => (
            <button type="button" role="tab" aria-selected={!more && each === state} data-testid={`held-${each}`} onClick={() => { setMore(null); setState(each); }}>
              {t(`state.${each}`)} {each === "waiting" && <span class="count">{waiting.value || ""}</span>}
            </button>
          ))}
          {MORE.filter((each) => administers || each === "appeals").map((each) => <button type="button" role="tab" aria-selected={each === more} data-testid={`review-${each}`} onClick={() => setMore(each)}>{t(MORE_WORDS[each])}</button>)}
        </div>
        {more === "appeals" && <Appeals />}
        {more === "policy" && workspace && <Policies workspace={workspace} />}
        {more === "lists" && <Lists />}
        {!more && state === "waiting" && <Campaigns key={changes} decide={decide} />}
        {!more && <>
        {!!error && <Trouble error={error} retry={() => void load()} />}
        {state === "waiting" && all.length > 1 && (
          <div class="batch">
            <label class="check">
              <input type="checkbox" checked={chosen.size === all.length} onChange={() => setChosen(new Set(chosen.size === all.length ? [] : all))} data-testid="select-all" />
              {t("selectAll")}
            </label>
            {chosen.size > 0 && (
              <>
                <button type="button" data-testid="allow-many" onClick={() => void decide([...chosen], "allow")}>{t("allowMany", { n: chosen.size })}</button>
                <button type="button" class="danger" data-testid="block-many" onClick={() => void decide([...chosen], "block")}>{t("blockMany", { n: chosen.size })}</button>
              </>
            )}
          </div>
        )}
        {rows?.length === 0 && <Empty title={t(`empty.${state}`)} hint={state === "waiting" ? t("empty.waitingHint") : ""} />}
        <ul class="cards">
          {rows?.map((held) => (
            <Card key={held.id} held={held} chosen={chosen.has(held.id)} choose={() => toggle(held.id)} decide={(decision) => void decide([held.id], decision)} />
          ))}
        </ul>
        </>}
      </div>
    </div>
  );
}
