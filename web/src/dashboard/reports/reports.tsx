import { useEffect, useState } from "preact/hooks";
import { Empty, Trouble } from "../parts/parts";
import { LedgerCard } from "./ledger";
import { Plot } from "./plot";
import { api } from "../state/state";
import { t } from "../state/words";

const COUNTS = ["opened", "resolved", "answer", "ask_back", "hand_off", "decline", "held", "blocked", "helpful", "unhelpful", "rated"] as const;
type Count = (typeof COUNTS)[number];
type Day = { day: string; stars: number | null } & Record<Count, number>;
const SPANS = [7, 30, 90];
let known: Day[] | null = null;

function Tile({ name, value, detail }: { name: string; value: string; detail?: string }) {
  return (
    <div class="tile">
      <span class="faint">{name}</span>
      <b>{value}</b>
      {detail && <small class="faint">{detail}</small>}
    </div>
  );
}

const share = (part: number, whole: number) => (whole ? `${Math.round((100 * part) / whole)}%` : "–");

function csvOf(days: Day[]): string {
  const columns = ["day", ...COUNTS, "stars"] as const;
  return [columns.join(","), ...days.map((day) => columns.map((each) => day[each] ?? "").join(","))].join("\r\n");
}

function save(days: Day[]): void {
  const address = URL.createObjectURL(new Blob([csvOf(days)], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "myna-report.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** What came in, what became of it, and what people think of it. */
export function Reports() {
  const [span, setSpan] = useState(30);
  const [days, setDays] = useState<Day[] | null>(known);
  const [error, setError] = useState<unknown>(null);
  const load = () => api().get<{ days: Day[] }>(`/v1/reports?days=${span}`).then((reply) => {
    known = reply.days;
    setDays(reply.days);
    setError(null);
  }, setError);
  useEffect(() => void load(), [span]);
  const sum = (name: Count) => (days ?? []).reduce((total, day) => total + day[name], 0);
  const values = (name: Count) => (days ?? []).map((day) => day[name]);
  const turns = sum("answer") + sum("ask_back") + sum("hand_off") + sum("decline");
  const rated = sum("rated");
  const stars = (days ?? []).reduce((total, day) => total + (day.stars ?? 0) * day.rated, 0) / (rated || 1);
  const names = days?.map((day) => day.day) ?? [];
  return (
    <div class="screen one">
      <div class="column wide">
        <div class="titled">
          <h1>{t("reports")}</h1>
          <button type="button" class="quiet" disabled={!days} data-testid="report-csv" onClick={() => days && save(days)}>{t("reports.csv")}</button>
        </div>
        <div class="views" role="tablist" aria-label={t("reports")}>
          {SPANS.map((each) => <button type="button" role="tab" aria-selected={each === span} data-testid={`span-${each}`} onClick={() => setSpan(each)}>{t("reports.days", { n: each })}</button>)}
        </div>
        {!!error && <Trouble error={error} retry={() => void load()} />}
        {days && (
          <>
            <div class="tiles" data-testid="tiles">
              <Tile name={t("reports.opened")} value={String(sum("opened"))} />
              <Tile name={t("reports.answered")} value={share(sum("answer"), turns)} detail={t("reports.ofTurns", { n: turns })} />
              <Tile name={t("reports.handed")} value={share(sum("hand_off"), turns)} detail={t("reports.ofTurns", { n: turns })} />
              <Tile name={t("reports.helpful")} value={share(sum("helpful"), sum("helpful") + sum("unhelpful"))} detail={t("reports.ofThumbs", { n: sum("helpful") + sum("unhelpful") })} />
              <Tile name={t("reports.stars")} value={rated ? stars.toFixed(1) : "–"} detail={t("reports.ofRatings", { n: rated })} />
            </div>
            {sum("opened") + turns === 0 && <Empty title={t("reports.empty")} hint={t("empty.openHint")} />}
            <section class="card"><Plot title={t("reports.traffic")} days={names} series={[{ name: t("reports.opened"), tone: "one", values: values("opened") }]} /></section>
            <section class="card">
              <Plot title={t("reports.ai")} days={names} series={[
                { name: t("decision.answer"), tone: "one", values: values("answer") },
                { name: t("decision.ask_back"), tone: "two", values: values("ask_back") },
                { name: t("decision.hand_off"), tone: "three", values: values("hand_off") },
                { name: t("decision.decline"), tone: "four", values: values("decline") },
              ]} />
            </section>
            <section class="card">
              <Plot title={t("reports.thumbs")} days={names} series={[
                { name: t("reports.yes"), tone: "one", values: values("helpful") },
                { name: t("reports.no"), tone: "three", values: values("unhelpful") },
              ]} />
            </section>
            <LedgerCard days={span} />
            <section class="card"><Plot title={t("reports.spam")} days={names} series={[{ name: t("reports.held"), tone: "three", values: values("held") }]} /></section>
          </>
        )}
      </div>
    </div>
  );
}
