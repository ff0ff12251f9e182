import { useEffect, useState } from "preact/hooks";
import { download, progress, type Job } from "../settings/myexport";
import { Empty, Trouble } from "../parts/parts";
import { api, complain, toast } from "../state/state";
import { ago, coded, t } from "../state/words";

interface Alert {
  id: string;
  kind: string;
  address: string | null;
  user_name: string | null;
  at: string;
  last_at: string;
  count: number;
  response: string;
  seen: boolean;
}

interface Block {
  address: string;
  response: string;
  until: string | null;
  reason: string;
}

interface Rule {
  kind: string;
  what: string;
  ordinary: number;
  window_s: number;
  response: string;
  for_s: number;
}

interface Policy {
  rules: Rule[];
  allow: string[];
  hook: string | null;
  secret?: string;
}

interface Limit {
  name: string;
  what: string;
  per: string;
  count: number | null;
  window_s: number | null;
  refused: number;
}

const RESPONSES = ["log", "slow", "challenge", "block"] as const;
const LOOK_EVERY_MS = 10_000;

/** Reads something at once, and again when asked. */
function useFetched<T>(path: string): [T | null, unknown, () => void] {
  const [found, setFound] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = () => void api().get<T>(path).then((reply) => {
    setFound(reply);
    setError(null);
  }, setError);
  useEffect(load, [path]);
  return [found, error, load];
}

/** What was noticed, who is kept out, and what follows from now on. */
export function Alerts() {
  const [found, error, load] = useFetched<{ alerts: Alert[] }>("/v1/admin/alerts");
  const [held, , again] = useFetched<{ blocks: Block[] }>("/v1/admin/blocks");
  const [policy, , reload] = useFetched<Policy>("/v1/admin/detection");
  const [secret, setSecret] = useState("");
  useEffect(() => {
    const timer = setInterval(() => document.hidden || (load(), again()), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const after = (work: Promise<unknown>) => work.then(() => (load(), again(), reload()), complain);
  const block = (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    const hours = Number(form.get("hours")) || null;
    void after(api().post("/v1/admin/blocks", { address: form.get("address"), hours, reason: form.get("reason") }).then(() => element.reset()));
  };
  const change = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const rules = Object.fromEntries(policy!.rules.map((rule) => [rule.kind, { ordinary: Number(form.get(`${rule.kind}.ordinary`)), response: form.get(`${rule.kind}.response`), for_s: Number(form.get(`${rule.kind}.minutes`)) * 60 }]));
    const allow = String(form.get("allow")).split("\n").map((line) => line.trim()).filter(Boolean);
    void after(api().request<Policy>("PUT", "/v1/admin/detection", { body: { rules, allow, hook: String(form.get("hook")).trim() || null } }).then((made) => {
      setSecret(made.secret ?? "");
      toast(t("settings.saved"));
    }));
  };
  return (
    <>
      {!!error && <Trouble error={error} retry={load} />}
      {found?.alerts.length === 0 && <Empty title={t("safety.none")} hint={t("safety.noneHint")} />}
      {!!found?.alerts.length && (
        <ul class="sourcelist card">
          {found.alerts.map((each) => (
            <li class="source" key={each.id} data-testid="alert">
              <div class="who">
                <b>{coded("safety.kind", each.kind)} {!each.seen && <i class="tag">{t("safety.new")}</i>}</b>
                <span class="faint">{[each.address, each.user_name, t("safety.count", { n: each.count }), coded("safety.do", each.response), ago(each.last_at)].filter(Boolean).join(" · ")}</span>
              </div>
              {!each.seen && <button type="button" class="quiet" onClick={() => void after(api().post(`/v1/admin/alerts/${each.id}/seen`))}>{t("safety.seen")}</button>}
            </li>
          ))}
        </ul>
      )}
      <section class="card">
        <h2>{t("safety.blocks")}</h2>
        <ul class="sourcelist">
          {held?.blocks.map((each) => (
            <li class="source" key={each.address} data-testid="block">
              <div class="who">
                <b>{each.address}</b>
                <span class="faint">{[coded("safety.do", each.response), coded("safety.kind", each.reason, each.reason), each.until ? new Date(each.until).toLocaleString() : t("safety.forever")].filter(Boolean).join(" · ")}</span>
              </div>
              <button type="button" class="quiet" aria-label={`${t("safety.lift")}: ${each.address}`} onClick={() => void after(api().post("/v1/admin/blocks/lift", { address: each.address.split("/")[0] }))}>{t("safety.lift")}</button>
            </li>
          ))}
        </ul>
        <form class="together" onSubmit={block} data-testid="block-form">
          <label>{t("safety.address")}<input name="address" required maxLength={64} data-testid="block-address" /></label>
          <label>{t("safety.hours")}<input name="hours" type="number" min={0} max={8784} defaultValue="24" /></label>
          <label>{t("safety.reason")}<input name="reason" maxLength={200} /></label>
          <button type="submit" class="primary" data-testid="block-add">{t("safety.block")}</button>
        </form>
      </section>
      {policy && (
        <form class="card stack" onSubmit={change} data-testid="detection">
          <h2>{t("safety.rules")}</h2>
          <p class="faint">{t("safety.rulesHint")}</p>
          {policy.rules.map((rule) => (
            <fieldset class="together" key={rule.kind}>
              <legend>{coded("safety.kind", rule.kind)}</legend>
              <label>{t("safety.ordinary", { s: rule.window_s })}<input name={`${rule.kind}.ordinary`} type="number" min={0} required defaultValue={String(rule.ordinary)} /></label>
              <label>{t("safety.then")}<select name={`${rule.kind}.response`} defaultValue={rule.response}>{RESPONSES.map((each) => <option value={each} selected={each === rule.response}>{coded("safety.do", each)}</option>)}</select></label>
              <label>{t("safety.minutes")}<input name={`${rule.kind}.minutes`} type="number" min={0} required defaultValue={String(Math.round(rule.for_s / 60))} /></label>
            </fieldset>
          ))}
          <label>{t("safety.allow")}<textarea name="allow" rows={3} defaultValue={policy.allow.join("\n")} data-testid="allow" /></label>
          <label>{t("safety.hook")}<input name="hook" type="url" maxLength={2000} defaultValue={policy.hook ?? ""} /></label>
          {secret && <p class="hint" role="status">{t("safety.secret")} <code>{secret}</code></p>}
          <button type="submit" class="primary" data-testid="save-detection">{t("save")}</button>
        </form>
      )}
    </>
  );
}

/** Which bounds hold; the operator of the server sets them. */
export function LimitsScreen() {
  const [found, error, load] = useFetched<{ limits: Limit[]; shared: boolean }>("/v1/admin/limits");
  return (
    <>
      {!!error && <Trouble error={error} retry={load} />}
      <p class="faint">{t("safety.limitsHint")}</p>
      {found && (
        <ul class="sourcelist card">
          {found.limits.map((each) => (
            <li class="source" key={each.name} data-testid="limit">
              <div class="who"><b>{each.name}</b><span class="faint">{each.what}</span></div>
              <span>{each.count === null ? t("safety.lifted") : `${each.count} / ${each.window_s} s`}</span>
              <span class={each.refused ? "tag" : "faint"}>{t("safety.refused", { n: each.refused })}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** How long conversations are kept, and everything about one person: as a file, or erased. */
export function PrivacyScreen() {
  const [kept, error, load] = useFetched<{ days: Record<string, number> }>("/v1/admin/retention");
  const [found, , again] = useFetched<{ jobs: Job[] }>("/v1/admin/privacy/jobs");
  const [people] = useFetched<{ people: { id: string; name: string }[] }>("/v1/admin/people");
  const [contacts] = useFetched<{ contacts: { user: { id: string; name: string } }[] }>("/v1/contacts?limit=200");
  const working = found?.jobs.some((each) => each.state === "waiting" || each.state === "running");
  useEffect(() => {
    if (!working) return;
    const timer = setInterval(again, 2_000);
    return () => clearInterval(timer);
  }, [working]);
  const everybody = new Map([...(people?.people ?? []), ...(contacts?.contacts.map((each) => each.user) ?? [])].map((each) => [each.id, each.name]));
  const keep = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const days = Object.fromEntries(Object.keys(kept!.days).map((kind) => [kind, Number(form.get(kind))]));
    void api().request("PUT", "/v1/admin/retention", { body: { days } }).then(() => (toast(t("settings.saved")), load()), complain);
  };
  const ask = (event: SubmitEvent) => {
    event.preventDefault();
    const task = (event.submitter as HTMLButtonElement).value;
    const user = String(new FormData(event.currentTarget as HTMLFormElement).get("user"));
    if (task === "erase" && !confirm(t("safety.eraseSure", { name: everybody.get(user) ?? user }))) return;
    void api().post(`/v1/admin/users/${user}/${task}`).then(again, complain);
  };
  return (
    <>
      {!!error && <Trouble error={error} retry={load} />}
      {kept && (
        <form class="card stack" onSubmit={keep} data-testid="retention">
          <h2>{t("safety.retention")}</h2>
          <p class="faint">{t("safety.retentionHint")}</p>
          <div class="together">
            {Object.entries(kept.days).map(([kind, days]) => <label key={kind}>{coded("safety.place", kind)}<input name={kind} type="number" min={0} max={36500} required defaultValue={String(days)} data-testid={`keep-${kind}`} /></label>)}
          </div>
          <button type="submit" class="primary" data-testid="save-retention">{t("save")}</button>
        </form>
      )}
      <section class="card">
        <h2>{t("safety.person")}</h2>
        <p class="faint">{t("safety.personHint")}</p>
        <form class="together" onSubmit={ask} data-testid="person-form">
          <label>{t("side.name")}<select name="user" required data-testid="person">{[...everybody].map(([id, name]) => <option value={id}>{name}</option>)}</select></label>
          <button type="submit" value="export" class="primary" data-testid="person-export">{t("safety.task.export")}</button>
          <button type="submit" value="erase" data-testid="person-erase">{t("safety.task.erase")}</button>
        </form>
        <ul class="sourcelist">
          {found?.jobs.map((each) => (
            <li class="source" key={each.id} data-testid="privacy-job">
              <div class="who">
                <b>{coded("safety.task", each.task)} · {everybody.get(each.user) ?? `#${each.user}`}</b>
                <span class="faint" data-testid="job-state">{progress(each)}</span>
              </div>
              {each.download_until && <button type="button" class="quiet" data-testid="job-download" onClick={() => void download(each.id).catch(complain)}>{t("safety.download")}</button>}
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}
