import { useState } from "preact/hooks";
import { api, complain, go } from "../state/state";
import { coded, t } from "../state/words";

interface Done {
  decision: string;
  reason: string;
  text: string;
}

interface Replayed {
  conversation: string;
  seq: number;
  question: string;
  then: Done;
  now: Done;
  same: boolean;
  diff: { kind: "same" | "gone" | "new"; text: string }[];
}

/** What a version would have answered to the newest real questions, beside what was answered. */
export function Replay({ path }: { path: string }) {
  const [found, setFound] = useState<{ turns: Replayed[]; n: number; same: number } | null>(null);
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    await api().request<{ turns: Replayed[]; n: number; same: number }>("POST", `${path}/replay`, { body: { limit: 20 }, timeout_ms: 120_000 }).then(setFound, complain);
    setBusy(false);
  };
  const others = found?.turns.filter((each) => !each.same) ?? [];
  return (
    <div class="stack" data-testid="replay">
      <h3>{t("replay")}</h3>
      <div class="actions"><button type="button" disabled={busy} data-testid="run-replay" onClick={() => void run()}>{busy ? t("agents.judging") : t("replay.run")}</button></div>
      {found && <p role="status" data-testid="replay-found">{t("replay.found", { same: found.same, n: found.n })}</p>}
      {others.map((each) => (
        <div class="turn" data-testid="replayed">
          <button type="button" class="link" onClick={() => go("inbox", each.conversation)}>{each.question}</button>
          <span class="faint">{coded("decision", each.then.decision)} → {coded("decision", each.now.decision)} · {coded("reason", each.now.reason)}</span>
          <p class="pre" dir="auto">{each.diff.map((piece) => piece.kind === "gone" ? <del>{piece.text}</del> : piece.kind === "new" ? <ins>{piece.text}</ins> : piece.text)}</p>
        </div>
      ))}
    </div>
  );
}
