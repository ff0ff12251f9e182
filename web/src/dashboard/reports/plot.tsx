import { lang, t } from "../state/words";
import { localeOf } from "../../i18n";

export interface Series {
  name: string;
  tone: "one" | "two" | "three" | "four";
  values: number[];
}

const WIDE = 720;
const HIGH = 150;
const FOOT = 20;

/** A scale whose top is 1, 2 or 5 times a power of ten. */
export function roundUp(top: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, top)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= top) ?? top;
}

const short = (day: string) => new Date(`${day}T00:00:00Z`).toLocaleDateString(localeOf(lang.value), { month: "short", day: "numeric", timeZone: "UTC" });

/** Bars per day, the series on top of each other. The numbers are also there as a table, for whoever cannot see bars. */
export function Plot({ title, days, series }: { title: string; days: string[]; series: Series[] }) {
  const totals = days.map((_, at) => series.reduce((sum, each) => sum + each.values[at]!, 0));
  const top = roundUp(Math.max(...totals, 1));
  const step = WIDE / days.length;
  const bar = Math.min(26, step * 0.7);
  const scale = (value: number) => (value / top) * (HIGH - FOOT - 8);
  const every = Math.ceil(days.length / 8);
  return (
    <figure class="plot" data-testid="plot">
      <figcaption>
        <b>{title}</b>
        <span class="legend">{series.map((each) => <span class={`tone ${each.tone}`}>{each.name} <b>{each.values.reduce((sum, value) => sum + value, 0)}</b></span>)}</span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDE} ${HIGH}`} aria-hidden="true">
        <line class="grid" x1="0" x2={WIDE} y1={HIGH - FOOT} y2={HIGH - FOOT} />
        <line class="grid" x1="0" x2={WIDE} y1={HIGH - FOOT - scale(top)} y2={HIGH - FOOT - scale(top)} />
        <text x="0" y={HIGH - FOOT - scale(top) + 11}>{top}</text>
        {days.map((day, at) => {
          let under = HIGH - FOOT;
          const x = at * step + (step - bar) / 2;
          return (
            <g key={day}>
              <title>{[short(day), ...series.map((each) => `${each.name}: ${each.values[at]}`)].join("\n")}</title>
              <rect class="hit" x={at * step} y="0" width={step} height={HIGH - FOOT} />
              {series.map((each) => {
                const height = scale(each.values[at]!);
                under -= height;
                return height > 0 && <rect class={`tone ${each.tone}`} x={x} y={under} width={bar} height={height} rx="2" />;
              })}
              {(days.length - 1 - at) % every === 0 && <text class={(days.length - 1 - at) % (2 * every) ? "wide" : undefined} x={at === days.length - 1 ? WIDE : at * step + step / 2} y={HIGH - 5} text-anchor={at === days.length - 1 ? "end" : "middle"}>{short(day)}</text>}
            </g>
          );
        })}
      </svg>
      <table class="unseen">
        <caption>{title}</caption>
        <thead><tr><th scope="col">{t("reports.day")}</th>{series.map((each) => <th scope="col">{each.name}</th>)}</tr></thead>
        <tbody>{days.map((day, at) => <tr><th scope="row">{short(day)}</th>{series.map((each) => <td>{each.values[at]}</td>)}</tr>)}</tbody>
      </table>
    </figure>
  );
}
