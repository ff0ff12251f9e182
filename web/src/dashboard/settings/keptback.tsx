import { useEffect, useState } from "preact/hooks";
import type { Held } from "../../core";
import { AppealDialog } from "../moderation/appealing";
import { heldChanges } from "../state/desk";
import { api, complain } from "../state/state";
import { ago, coded, t } from "../state/words";

const MOST = 20;

/** What becomes of one's own message, with its appeal and the answer to it. */
function Mine({ held, appeal }: { held: Held; appeal(): void }) {
  const place = t("inConversation", { title: held.conversation_title || t(held.conversation_kind as "support") });
  return (
    <li class="source" data-testid="mine" data-state={held.state}>
      <div class="who">
        <span class="pre">{held.text}</span>
        <span class="faint">{t(`state.${held.state}`)} · {place} · {ago(held.created_at)}</span>
        {!!held.reasons.length && <span class="faint">{held.reasons.map((each) => coded("why", each.code)).join(" · ")}</span>}
        {held.appeal && <span class="faint" data-testid="mine-appeal">{t("appeal.made", { state: coded("appeals", held.appeal.state) })}{held.appeal.answer && `: ${held.appeal.answer}`}</span>}
      </div>
      {held.state === "blocked" && !held.appeal && <button type="button" class="quiet" data-testid="ask-review" onClick={appeal}>{t("appeal")}</button>}
    </li>
  );
}

/** One's own messages that wait or were kept out lately; nothing where there are none. */
export function KeptBack() {
  const [list, setList] = useState<Held[]>([]);
  const [asked, setAsked] = useState<Held | null>(null);
  const changes = heldChanges.value;
  useEffect(() => {
    api().get<{ held: Held[] }>(`/v1/held/mine?limit=${MOST}`).then((reply) => setList(reply.held), complain);
  }, [changes]);
  if (!list.length) return null;
  return (
    <>
      <h3>{t("keptBack")}</h3>
      <p class="faint">{t("keptBack.hint")}</p>
      <ul class="sourcelist">{list.map((held) => <Mine key={held.id} held={held} appeal={() => setAsked(held)} />)}</ul>
      {asked && <AppealDialog held={asked.id} text={asked.text} close={() => setAsked(null)} />}
    </>
  );
}
