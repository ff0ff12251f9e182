import { useEffect, useState } from "preact/hooks";
import { api, complain, toast } from "../state/state";
import { t } from "../state/words";

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

interface Staffing {
  team: string | null;
  assign: boolean;
  timezone: string;
  week: Record<string, [string, string][]>;
  closed: string[];
  first_reply_s: number | null;
  next_reply_s: number | null;
  resolve_s: number | null;
}

/** `09:00-12:00, 13:00-17:00` as spans, and back. */
const spansOf = (text: string) => text.split(/[,，]/).map((span) => span.trim().split(/\s*[-–]\s*/)).filter((span): span is [string, string] => span.length === 2 && !!span[0]);
const textOf = (spans: [string, string][] | undefined) => (spans ?? []).map((span) => span.join("-")).join(", ");

/** When people answer in an inbox, who, and what is promised. */
export function StaffingForm({ inbox }: { inbox: string }) {
  const [now, setNow] = useState<Staffing | null>(null);
  const [teams, setTeams] = useState<{ id: string; name: string }[]>([]);
  const path = `/v1/inboxes/${inbox}/staffing`;
  useEffect(() => {
    api().get<Staffing>(path).then(setNow, complain);
    api().get<{ teams: { id: string; name: string }[] }>("/v1/teams").then((reply) => setTeams(reply.teams), complain);
  }, [inbox]);
  if (!now) return null;
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const minutes = (name: string) => (form.get(name) ? Number(form.get(name)) * 60 : null);
    const week = Object.fromEntries(DAYS.map((day) => [day, spansOf(String(form.get(day) ?? ""))] as const).filter(([, spans]) => spans.length));
    const body = {
      team: String(form.get("team")) || null,
      assign: form.has("assign"),
      timezone: form.get("timezone"),
      week,
      closed: String(form.get("closed")).split(/[\s,]+/).filter(Boolean),
      first_reply_s: minutes("first_reply"),
      next_reply_s: minutes("next_reply"),
      resolve_s: minutes("resolve"),
    };
    await api().request<Staffing>("PUT", path, { body }).then((next) => { setNow(next); toast(t("settings.saved")); }, complain);
  };
  const promise = (name: "first_reply" | "next_reply" | "resolve") => <label>{t(`desk.promise.${name}`)} ({t("policy.minutes")})<input name={name} type="number" min="1" defaultValue={now[`${name}_s`] ? String(now[`${name}_s`]! / 60) : ""} /></label>;
  return (
    <form class="stack" onSubmit={save} data-testid="staffing">
      <h3>{t("staffing")}</h3>
      <p class="faint">{t("staffing.hint")}</p>
      <div class="pair">
        <label>{t("staffing.team")}<select name="team" value={now.team ?? ""}><option value="">{t("staffing.everybody")}</option>{teams.map((each) => <option value={each.id}>{each.name}</option>)}</select></label>
        <label>{t("staffing.timezone")}<input name="timezone" required defaultValue={now.timezone} /></label>
        {DAYS.map((day) => <label>{t(`staffing.${day}`)}<input name={day} placeholder="09:00-17:00" defaultValue={textOf(now.week[day])} data-testid={`hours-${day}`} /></label>)}
        <label>{t("staffing.closed")}<input name="closed" placeholder="2026-12-25" defaultValue={now.closed.join(", ")} /></label>
        {promise("first_reply")}{promise("next_reply")}{promise("resolve")}
      </div>
      <label class="check"><input type="checkbox" name="assign" defaultChecked={now.assign} />{t("staffing.assign")}</label>
      <button type="submit" class="primary" data-testid="save-staffing">{t("save")}</button>
    </form>
  );
}
