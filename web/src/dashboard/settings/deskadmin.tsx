import { useEffect, useState } from "preact/hooks";
import { ApiError, type User } from "../../core";
import { api, complain, session, toast } from "../state/state";
import { t } from "../state/words";

interface Team {
  id: string;
  name: string;
  members: string[];
}

export interface Label {
  id: string;
  name: string;
  color?: string;
}

interface Step {
  do: "reply" | "label" | "unlabel" | "resolve" | "queue";
  text?: string;
  label?: string;
}

export interface Macro {
  id: string;
  name: string;
  steps: Step[];
}

interface Operator {
  user: string;
  available: boolean;
  capacity: number;
  open: number;
}

const STEPS = ["reply", "label", "unlabel", "resolve", "queue"] as const;

/** Whether one takes conversations now, and how many at once. */
export function Availability() {
  const [mine, setMine] = useState<Operator | null>(null);
  const me = session.value!.user.id;
  useEffect(() => {
    api().get<{ operators: Operator[] }>("/v1/operators").then((reply) => setMine(reply.operators.find((each) => each.user === me) ?? { user: me, available: false, capacity: 5, open: 0 }), (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
  }, []);
  if (!mine) return null;
  const put = (part: Partial<Operator>) => {
    const next = { ...mine, ...part };
    setMine(next);
    api().request("PUT", "/v1/operators/me", { body: { available: next.available, capacity: next.capacity } }).catch(complain);
  };
  return (
    <div class="rowform" data-testid="availability">
      <label class="check"><input type="checkbox" checked={mine.available} data-testid="available" onChange={(event) => put({ available: event.currentTarget.checked })} />{t("desk.available")}</label>
      <label class="check">{t("desk.capacity")}<input type="number" min="1" max="100" value={mine.capacity} onChange={(event) => put({ capacity: event.currentTarget.valueAsNumber || 1 })} /></label>
    </div>
  );
}

function Named({ title, rows, add, drop, testid }: { title: string; rows: { id: string; name: string; detail?: string }[]; add(name: string): Promise<unknown>; drop(id: string): Promise<unknown>; testid: string }) {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    await add(String(new FormData(element).get("name")).trim()).then(() => element.reset(), complain);
  };
  return (
    <>
      <h3>{title}</h3>
      <ul class="sourcelist">
        {rows.map((each) => (
          <li class="source" key={each.id} data-testid={testid}>
            <div class="who"><b>{each.name}</b>{each.detail && <span class="faint">{each.detail}</span>}</div>
            <button type="button" class="quiet" aria-label={`${t("delete")} ${each.name}`} onClick={() => void drop(each.id).catch(complain)}>{t("delete")}</button>
          </li>
        ))}
      </ul>
      <form class="inline" onSubmit={submit}>
        <input name="name" required maxLength={80} placeholder={t("side.name")} aria-label={`${title}: ${t("side.name")}`} data-testid={`${testid}-name`} />
        <button type="submit" data-testid={`${testid}-add`}>{t("kb.addButton")}</button>
      </form>
    </>
  );
}

function Macros({ macros, labels, changed }: { macros: Macro[]; labels: Label[]; changed(): Promise<unknown> }) {
  const [steps, setSteps] = useState<Step[]>([{ do: "reply", text: "" }]);
  const change = (at: number, part: Partial<Step>) => setSteps(steps.map((each, index) => (index === at ? { ...each, ...part } : each)));
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const made = steps.map((each): Step => (each.do === "reply" ? { do: "reply", text: each.text ?? "" } : each.do === "label" || each.do === "unlabel" ? { do: each.do, label: each.label ?? labels[0]?.id ?? "" } : { do: each.do }));
    await api().post("/v1/desk/macros", { name: new FormData(element).get("name"), steps: made }).then(() => {
      element.reset();
      setSteps([{ do: "reply", text: "" }]);
      return changed();
    }, complain);
  };
  return (
    <>
      <h3>{t("desk.macros")}</h3>
      <ul class="sourcelist">
        {macros.map((each) => (
          <li class="source" key={each.id} data-testid="macro">
            <div class="who"><b>{each.name}</b><span class="faint">{each.steps.map((step) => t(`desk.step.${step.do}`)).join(" → ")}</span></div>
            <button type="button" class="quiet" aria-label={`${t("delete")} ${each.name}`} onClick={() => void api().request("DELETE", `/v1/desk/macros/${each.id}`).then(changed, complain)}>{t("delete")}</button>
          </li>
        ))}
      </ul>
      <form class="stack" onSubmit={save}>
        <label>{t("side.name")}<input name="name" required maxLength={80} data-testid="macro-name" /></label>
        {steps.map((each, at) => (
          <div class="rowform" key={at}>
            <select value={each.do} aria-label={t("desk.step")} data-testid="macro-step" onChange={(event) => change(at, { do: event.currentTarget.value as Step["do"] })}>{STEPS.map((step) => <option value={step}>{t(`desk.step.${step}`)}</option>)}</select>
            {each.do === "reply" && <input required value={each.text ?? ""} maxLength={4000} aria-label={t("replies.text")} placeholder="{{customer.name}} …" data-testid="macro-text" onInput={(event) => change(at, { text: event.currentTarget.value })} />}
            {(each.do === "label" || each.do === "unlabel") && <select value={each.label ?? labels[0]?.id ?? ""} aria-label={t("desk.labels")} onChange={(event) => change(at, { label: event.currentTarget.value })}>{labels.map((label) => <option value={label.id}>{label.name}</option>)}</select>}
            {steps.length > 1 && <button type="button" class="quiet" onClick={() => setSteps(steps.filter((_, index) => index !== at))}>{t("delete")}</button>}
          </div>
        ))}
        <div class="actions">
          <button type="button" data-testid="macro-more" onClick={() => setSteps([...steps, { do: "resolve" }])}>{t("desk.moreSteps")}</button>
          <button type="submit" class="primary" data-testid="macro-save">{t("save")}</button>
        </div>
      </form>
    </>
  );
}

/** What the team shares: labels, macros, teams. */
export function DeskSettings() {
  const [labels, setLabels] = useState<Label[]>([]);
  const [macros, setMacros] = useState<Macro[]>([]);
  const [teams, setTeams] = useState<Team[]>([]);
  const [people, setPeople] = useState<User[]>([]);
  const load = () => Promise.all([
    api().get<{ labels: Label[] }>("/v1/desk/labels").then((reply) => setLabels(reply.labels)),
    api().get<{ macros: Macro[] }>("/v1/desk/macros").then((reply) => setMacros(reply.macros)),
    api().get<{ teams: Team[] }>("/v1/teams").then((reply) => setTeams(reply.teams)),
    api().get<{ people?: User[]; users?: User[] }>("/v1/people").then((reply) => setPeople((reply.people ?? reply.users ?? []).filter((each) => each.kind === "human"))),
  ]).catch(complain);
  useEffect(() => void load(), []);
  const administers = ["owner", "admin"].includes(session.value?.role ?? "");
  const put = (team: Team) => api().request("PUT", `/v1/teams/${team.id}`, { body: { name: team.name, members: team.members } }).then(() => { toast(t("settings.saved")); return load(); }, complain);
  return (
    <section class="card stack" data-testid="desk-settings">
      <h2>{t("desk")}</h2>
      <Availability />
      <Named title={t("desk.labels")} testid="label" rows={labels} add={(name) => api().post("/v1/desk/labels", { name, color: "#0f766e" }).then(load)} drop={(id) => api().request("DELETE", `/v1/desk/labels/${id}`).then(load)} />
      <Macros macros={macros} labels={labels} changed={load} />
      {administers && (
        <>
          <Named title={t("desk.teams")} testid="team" rows={teams.map((each) => ({ ...each, detail: t("desk.people", { n: each.members.length }) }))} add={(name) => api().post("/v1/teams", { name, members: [] }).then(load)} drop={(id) => api().request("DELETE", `/v1/teams/${id}`).then(load)} />
          {teams.map((team) => (
            <fieldset key={team.id}>
              <legend>{team.name}</legend>
              {people.map((each) => <label class="check"><input type="checkbox" checked={team.members.includes(each.id)} onChange={(event) => void put({ ...team, members: event.currentTarget.checked ? [...team.members, each.id] : team.members.filter((id) => id !== each.id) })} />{each.name}</label>)}
            </fieldset>
          ))}
        </>
      )}
    </section>
  );
}
