import { useEffect, useState } from "preact/hooks";
import { api, complain, toast } from "../state/state";
import { ago, coded, t } from "../state/words";

export interface Webhook {
  url: string;
  state: string;
  last_error?: string | null;
  waiting: number;
  dead: number;
}

interface Delivery {
  seq: number;
  attempts: number;
  status: number | null;
  error: string | null;
  event: { type: string; ts: string };
}

/** Events that were given up after all their attempts, each to be sent again, and a webhook that paused itself. */
export function Deliveries({ bot, webhook, changed }: { bot: string; webhook: Webhook; changed(): void }) {
  const [dead, setDead] = useState<Delivery[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const path = `/v1/bots/${bot}`;
  const load = async (after: number) => {
    const page = await api().get<{ deliveries: Delivery[]; next: number | null }>(`${path}/deliveries?state=dead&limit=20&after=${after}`);
    setDead((before) => (after ? [...before, ...page.deliveries] : page.deliveries));
    setNext(page.next);
  };
  useEffect(() => void load(0).catch(complain), [bot, webhook]);
  const replay = (body: { seq?: number }) => api().post<{ replayed: number }>(`${path}/deliveries/replay`, body).then(({ replayed }) => {
    toast(t("bots.replayed", { n: replayed }));
    changed();
  }, complain);
  return (
    <section class="stack" data-testid="deliveries">
      <h2>{t("bots.dead")}</h2>
      <p class="faint">{t("bots.counts", { waiting: webhook.waiting, dead: webhook.dead })}</p>
      {webhook.state !== "active" && <button type="button" data-testid="resume" onClick={() => void api().post(`${path}/webhook/resume`).then(changed, complain)}>{t("bots.resume")}</button>}
      {dead.length > 0 && (
        <>
          <ul class="sourcelist">
            {dead.map((each) => (
              <li class="source" key={each.seq} data-testid="dead-letter">
                <div class="who">
                  <b>{coded("event", each.event.type)}</b>
                  <span class="faint">{[ago(each.event.ts), t("bots.attempts", { n: each.attempts }), each.status, each.error].filter(Boolean).join(" · ")}</span>
                </div>
                <button type="button" class="quiet" data-testid="replay" onClick={() => void replay({ seq: each.seq })}>{t("bots.replay")}</button>
              </li>
            ))}
          </ul>
          <div class="actions">
            <button type="button" data-testid="replay-all" onClick={() => void replay({})}>{t("bots.replayAll")}</button>
            {next !== null && <button type="button" class="quiet" onClick={() => void load(next).catch(complain)}>{t("people.more")}</button>}
          </div>
        </>
      )}
    </section>
  );
}
