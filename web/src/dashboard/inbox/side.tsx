import { useEffect, useState } from "preact/hooks";
import { ApiError, type ConversationLog, type Turn } from "../../core";
import { Copilot } from "./copilot";
import { DeskSide } from "./deskside";
import { Icon } from "../parts/icons";
import { ownerWords } from "./owner";
import { Panels } from "./panels";
import { Confidence } from "../parts/parts";
import { ratings } from "../state/ratings";
import { api } from "../state/state";
import { Steering } from "./steering";
import { ago, clock, coded, t } from "../state/words";

function TurnCard({ turn }: { turn: Turn }) {
  return (
    <li class="turn" data-testid="turn" data-decision={turn.decision ?? ""}>
      <div class="head">
        <b class={`decision ${turn.decision ?? ""}`}>{turn.decision ? coded("decision", turn.decision) : t("lane.working")}</b>
        <span class="faint">{[turn.engine && coded("engine", turn.engine.replace(/:$/, "")), turn.took_ms !== null && t("lane.took", { n: Math.round(turn.took_ms) }), clock(turn.created_at)].filter(Boolean).join(" · ")}</span>
      </div>
      {turn.confidence !== null && turn.threshold !== null && <Confidence value={turn.confidence} threshold={turn.threshold} />}
      {turn.reason && <p class="why">{coded("reason", turn.reason)}</p>}
      {turn.trace?.guidance && <p class="why">{t("lane.guided", { n: turn.trace.guidance.length })}</p>}
      {turn.trace?.tools?.map((each) => <p class="why" data-testid="tool-use">{each.tool.replaceAll("_", " ")}: {coded("outcome", each.outcome)}</p>)}
      {turn.trace?.tokens?.map((each) => <p class="why faint" data-testid="tokens">{t("lane.tokens", { model: each.model.replace(/^openai:/, ""), read: each.in.toLocaleString(), written: each.out.toLocaleString() })}{each.cost != null && ` · ${t("lane.cost", { n: each.cost.toLocaleString(undefined, { maximumFractionDigits: 4 }) })}`}</p>)}
      {turn.passages.length > 0 && (
        <details>
          <summary>{t("lane.passages", { n: turn.passages.length })}</summary>
          <ol>
            {turn.passages.map((each) => (
              <li>
                <b>{[each.title, each.heading].filter(Boolean).join(" › ")}</b> <span class="faint">{each.score.toFixed(2)}</span>
                <p>{each.quote}</p>
              </li>
            ))}
          </ol>
        </details>
      )}
    </li>
  );
}

interface Profile {
  email: string | null;
  answers: Record<string, string | boolean>;
  verified: boolean;
}

function useProfile(id: string): Profile | null {
  const [found, setFound] = useState<Profile | null>(null);
  useEffect(() => {
    api().get<Profile>(`/v1/conversations/${id}/visitor`).then(setFound, (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
  }, [id]);
  return found;
}

function useTurns(log: ConversationLog): Turn[] {
  const [turns, setTurns] = useState<Turn[]>([]);
  const { id, ticket } = log.conversation;
  const last = log.messages.at(-1);
  useEffect(() => {
    let current = true;
    api().get<{ turns: Turn[] }>(`/v1/conversations/${id}/turns?limit=20`).then(
      (reply) => current && setTurns(reply.turns.toSorted((a, b) => b.created_at.localeCompare(a.created_at))),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
      },
    );
    return () => {
      current = false;
    };
  }, [id, ticket?.epoch, last?.seq, last?.state]);
  return turns;
}

/** Who the visitor is, who owns the ticket, and why the AI did what it did. */
export function Side({ log, shown, close }: { log: ConversationLog; shown: boolean; close(): void }) {
  const turns = useTurns(log);
  const profile = useProfile(log.conversation.id);
  const { ticket, members } = log.conversation;
  const rated = ratings.value[log.conversation.id];
  const visitor = members.find((each) => each.user.kind === "visitor")?.user;
  return (
    <aside class={`side ${shown ? "shown" : ""}`} aria-label={t("details")} data-testid="side">
      <button type="button" class="icon medium" aria-label={t("close")} onClick={close}><Icon name="close" /></button>
      <h2>{t("side.visitor")}</h2>
      <dl>
        <dt>{t("side.name")}</dt><dd data-testid="visitor-name">{visitor?.name ?? "–"}{profile?.verified && <i class="tag" data-testid="verified">{t("side.verified")}</i>}</dd>
        {profile?.email && <><dt>{t("side.email")}</dt><dd><a href={`mailto:${profile.email}`}>{profile.email}</a></dd></>}
        {Object.entries(profile?.answers ?? {}).filter(([name]) => name !== "name" && name !== "email").map(([name, value]) => <><dt>{name}</dt><dd>{value === true ? "✓" : value}</dd></>)}
        <dt>{t("side.language")}</dt><dd>{visitor?.locale ?? "–"}</dd>
        <dt>{t("side.since")}</dt><dd>{ago(log.conversation.created_at)}</dd>
      </dl>
      {ticket && (
        <>
          <h2>{t("side.ticket")}</h2>
          <dl>
            <dt>{t("side.status")}</dt><dd data-testid="ticket-status">{t(`status.${ticket.status}`)}</dd>
            {ticket.status === "open" && <><dt>{t("side.owner")}</dt><dd data-testid="ticket-owner">{ownerWords(ticket, log.conversation)}</dd></>}
            {ticket.reason && <><dt>{t("side.reason")}</dt><dd>{coded("reason", ticket.reason)}</dd></>}
            {rated?.stars && <><dt>{t("side.rating")}</dt><dd data-testid="rating">{"★".repeat(rated.stars)}{"☆".repeat(5 - rated.stars)}{rated.comment && <span class="pre faint"> {rated.comment}</span>}</dd></>}
            {ticket.summary && <><dt>{t("side.summary")}</dt><dd class="pre">{ticket.summary}</dd></>}
          </dl>
        </>
      )}
      {ticket && <DeskSide conversation={log.conversation.id} changed={`${ticket.epoch} ${log.cursor}`} />}
      {ticket && <Copilot conversation={log.conversation.id} />}
      {ticket && <Steering conversation={log.conversation.id} visitor={visitor?.id} changed={`${ticket.epoch} ${log.cursor}`} />}
      <Panels conversation={log.conversation.id} changed={`${ticket?.epoch} ${members.length}`} />
      <h2>{t("side.lane")}</h2>
      {turns.length === 0 && <p class="faint">{t("lane.empty")}</p>}
      <ol class="turns" data-testid="lane">{turns.map((turn) => <TurnCard key={turn.id} turn={turn} />)}</ol>
    </aside>
  );
}
