import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { api, complain, toast } from "../state/state";
import { ago, coded, t } from "../state/words";

interface Arm {
  version: number;
  cases: number;
  decided: number;
  resolved: number;
  handed_over: number;
  share: number | null;
  rating: number | null;
  cost_per_resolved: number | null;
}

interface Found {
  comparison: { id: string; control: number; challenger: number; share: number; started_at: string; ended_at: string | null; kept: number | null } | null;
  figures?: { control: Arm; challenger: Arm; difference: { value: number; low: number; high: number; p: number } | null; verdict: string };
  definition?: Record<string, string>;
}

const percent = (value: number | null) => (value === null ? "–" : `${Math.round(value * 1000) / 10} %`);

function Figures({ found }: { found: Found }) {
  const { control, challenger, difference, verdict } = found.figures!;
  const rows: [string, (arm: Arm) => string | number][] = [
    [t("compare.cases"), (arm) => arm.cases],
    [t("compare.decided"), (arm) => arm.decided],
    [t("ledger.resolved"), (arm) => `${arm.resolved} (${percent(arm.share)})`],
    [t("ledger.handed_over"), (arm) => arm.handed_over],
    [t("side.rating"), (arm) => arm.rating ?? "–"],
    [t("ledger.perResolved"), (arm) => arm.cost_per_resolved ?? "–"],
  ];
  return (
    <>
      <table class="figures" data-testid="compared">
        <thead><tr><td /><th scope="col">{t("agents.version", { n: control.version })}</th><th scope="col">{t("agents.version", { n: challenger.version })}</th></tr></thead>
        <tbody>{rows.map(([name, of]) => <tr><th scope="row">{name}</th><td>{of(control)}</td><td>{of(challenger)}</td></tr>)}</tbody>
      </table>
      <p role="status" data-testid="verdict"><b>{coded("verdict", verdict)}</b>{difference && <span class="faint"> {t("compare.difference", { value: percent(difference.value), low: percent(difference.low), high: percent(difference.high) })}</span>}</p>
      <p class="faint">{found.definition?.verdict}</p>
    </>
  );
}

/** A version that answers a share of new conversations beside the live one, and what came of both. */
export function Comparing({ path, versions, changed }: { path: string; versions: { number: number; live: boolean }[]; changed(): void }) {
  const [found, setFound] = useState<Found | null>(null);
  const [closed, setClosed] = useState(false);
  const [busy, setBusy] = useState(false);
  const load = () => api().get<Found>(`${path}/comparison`).then(setFound, complain);
  useEffect(() => void load(), [path, versions.map((each) => `${each.number}${each.live}`).join()]);
  const others = versions.filter((each) => !each.live);
  const running = !!found?.comparison && !found.comparison.ended_at;
  const start = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const body = { challenger: Number(form.get("challenger")), share: Number(form.get("share")) / 100, override: String(form.get("override") ?? "").trim() || null };
    setBusy(true);
    await api().request<Found>("POST", `${path}/comparison`, { body, timeout_ms: 320_000 }).then((made) => { setFound(made); setClosed(false); }, (error: unknown) => {
      if (error instanceof ApiError && error.code === "gate_closed") setClosed(true);
      complain(error);
    });
    setBusy(false);
  };
  return (
    <section class="card stack" data-testid="comparing">
      <h2>{t("compare")}</h2>
      <p class="faint">{t("compare.hint")}</p>
      {found?.comparison && <p>{t(running ? "compare.runs" : "compare.ended", { one: found.comparison.control, other: found.comparison.challenger, share: percent(found.comparison.share), at: ago(found.comparison.ended_at ?? found.comparison.started_at) })}</p>}
      {found?.comparison && <Figures found={found} />}
      {running && (
        <div class="actions">
          <button type="button" data-testid="compare-look" onClick={() => void load()}>{t("compare.look")}</button>
          <button type="button" class="danger" data-testid="compare-end" onClick={() => void api().request("DELETE", `${path}/comparison`).then(() => { toast(t("compare.over")); void load(); changed(); }, complain)}>{t("compare.end")}</button>
        </div>
      )}
      {!running && others.length === 0 && <p class="faint">{t("compare.none")}</p>}
      {!running && others.length > 0 && (
        <form class="stack" onSubmit={(event) => void start(event)}>
          <div class="pair">
            <label>{t("compare.challenger")}<select name="challenger" data-testid="challenger">{others.map((each) => <option value={each.number}>{t("agents.version", { n: each.number })}</option>)}</select></label>
            <label>{t("compare.share")}<input name="share" type="number" min="1" max="99" required defaultValue="50" data-testid="compare-share" /></label>
          </div>
          {closed && <input name="override" required minLength={3} maxLength={500} placeholder={t("agents.override")} aria-label={t("agents.override")} data-testid="compare-override" />}
          <button type="submit" disabled={busy} data-testid="compare-start">{busy ? t("agents.judging") : t("compare.start")}</button>
        </form>
      )}
    </section>
  );
}
