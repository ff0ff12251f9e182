import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { api } from "../state/state";
import { t } from "../state/words";

interface Line {
  agent: string;
  version: number;
  model: string;
  turns: number;
  answers: number;
  tokens_in: number;
  tokens_out: number;
  cost: number | null;
}

interface Found {
  cases: Record<"all" | "resolved" | "confirmed" | "assumed" | "handed_over" | "unresolved" | "open", number>;
  cost: number | null;
  cost_per_resolved: number | null;
  lines: Line[];
  definition: Record<string, string>;
}

const FATES = ["confirmed", "assumed", "handed_over", "unresolved", "open"] as const;
const money = (value: number | null) => (value === null ? "–" : value.toLocaleString(undefined, { maximumFractionDigits: 4 }));

/** What answers cost and what came of them; each figure says what it means. */
export function LedgerCard({ days }: { days: number }) {
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    api().get<Found>(`/v1/ledger?days=${days}`).then(setFound, (error: unknown) => {
      // Who may not see turns has the other figures.
      if (!(error instanceof ApiError)) throw error;
    });
  }, [days]);
  if (!found) return null;
  return (
    <section class="card stack" data-testid="ledger">
      <h2>{t("ledger")}</h2>
      <div class="tiles">
        <div class="tile card"><span>{t("ledger.resolved")}</span><b data-testid="ledger-resolved">{found.cases.resolved}</b><small class="faint">{t("ledger.ofCases", { n: found.cases.all })}</small></div>
        <div class="tile card"><span>{t("ledger.cost")}</span><b>{money(found.cost)}</b></div>
        <div class="tile card"><span>{t("ledger.perResolved")}</span><b>{money(found.cost_per_resolved)}</b></div>
      </div>
      <dl class="fates">{FATES.map((each) => <><dt>{t(`ledger.${each}`)} <b>{found.cases[each]}</b></dt><dd class="faint">{found.definition[each]}</dd></>)}</dl>
      {found.lines.length > 0 && (
        <table class="figures">
          <thead><tr><th scope="col">{t("ledger.model")}</th><th scope="col">{t("ledger.version")}</th><th scope="col">{t("ledger.answers")}</th><th scope="col">{t("ledger.tokens")}</th><th scope="col">{t("ledger.cost")}</th></tr></thead>
          <tbody>{found.lines.map((each) => <tr><th scope="row">{each.model}</th><td>{each.version || "–"}</td><td>{each.answers}</td><td>{each.tokens_in + each.tokens_out}</td><td>{money(each.cost)}</td></tr>)}</tbody>
        </table>
      )}
    </section>
  );
}
