import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { Secret } from "../bots/bots";
import { Trouble } from "../parts/parts";
import { askedOf } from "./people";
import { ownRoles } from "./roles";
import { api, complain, explain } from "../state/state";
import { coded, t, type Word } from "../state/words";

interface Application {
  id: string;
  client_id: string;
  name: string;
  redirect_uris: string[];
  scopes: string[];
  confidential: boolean;
}

const ROLES = ["operator", "developer", "analyst", "admin"] as const;

function Row({ application, changed, tell }: { application: Application; changed(): void; tell(value: string): void }) {
  const [sure, setSure] = useState(false);
  const path = `/v1/admin/applications/${application.id}`;
  const renew = () => api().post<{ client_secret: string }>(`${path}/secret`).then((made) => tell(made.client_secret), complain);
  return (
    <li class="source" data-testid="application">
      <div class="who"><b>{application.name}</b><span class="faint">{application.client_id} · {application.scopes.join(", ")}</span></div>
      {application.confidential && <button type="button" class="quiet" onClick={() => void renew()}>{t("applications.secret")}</button>}
      <button type="button" class={sure ? "danger" : "quiet"} aria-label={`${t("delete")}: ${application.name}`} onBlur={() => setSure(false)} onClick={() => (sure ? void api().request("DELETE", path).then(changed, complain) : setSure(true))}>{sure ? t("confirmDelete") : t("delete")}</button>
    </li>
  );
}

/** Programs of others that people may let act for them, for administrators. */
export function Applications() {
  const [list, setList] = useState<Application[]>([]);
  const [scopes, setScopes] = useState<Record<string, string>>({});
  const [error, setError] = useState<unknown>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const load = () => api().get<{ applications: Application[]; scopes: Record<string, string> }>("/v1/admin/applications").then((reply) => {
    setList(reply.applications);
    setScopes(reply.scopes);
    setError(null);
  }, setError);
  useEffect(() => void load(), []);
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    try {
      const made = await api().post<{ client_id: string; client_secret: string | null }>("/v1/admin/applications", {
        name: form.get("name"),
        redirect_uris: String(form.get("redirects") ?? "").split("\n").map((each) => each.trim()).filter(Boolean),
        scopes: form.getAll("scope"),
        confidential: !form.has("public"),
        ...askedOf(String(form.get("role") ?? "")),
      });
      element.reset();
      setRefused(null);
      setSecret(`client_id ${made.client_id}${made.client_secret ? `\nclient_secret ${made.client_secret}` : ""}`);
      await load();
    } catch (failure) {
      setRefused(failure instanceof ApiError && failure.status === 400 ? coded("applications", failure.code, failure.problem.detail) : explain(failure));
    }
  };
  return (
    <section class="card stack" data-testid="applications">
      <h2>{t("applications")}</h2>
      <p class="faint">{t("applications.hint")}</p>
      {!!error && <Trouble error={error} retry={() => void load()} />}
      <ul class="sourcelist">{list.map((each) => <Row key={each.id} application={each} changed={() => void load()} tell={setSecret} />)}</ul>
      <details>
        <summary data-testid="application-new">{t("applications.add")}</summary>
        <form class="stack" onSubmit={add}>
          <label>{t("side.name")}<input name="name" required maxLength={80} data-testid="application-name" /></label>
          <label>{t("applications.redirects")}<textarea name="redirects" rows={2} placeholder="https://app.example.org/back" data-testid="application-redirects" /></label>
          <fieldset>
            <legend>{t("applications.scopes")}</legend>
            {Object.entries(scopes).map(([scope, text]) => <label class="check" key={scope}><input type="checkbox" name="scope" value={scope} />{coded("scope", scope, text)}</label>)}
          </fieldset>
          <label class="check"><input type="checkbox" name="public" />{t("applications.public")}</label>
          <label>{t("applications.itself")}
            <select name="role"><option value="">{t("applications.never")}</option>{ROLES.map((each) => <option value={each}>{t(`role.${each}` as Word)}</option>)}{ownRoles.value.map((each) => <option value={`custom:${each.id}`}>{each.name}</option>)}</select>
          </label>
          {refused && <p class="warn" role="alert">{refused}</p>}
          <button type="submit" class="primary" data-testid="application-add">{t("applications.add")}</button>
        </form>
      </details>
      {secret && <Secret name={t("applications")} value={secret} close={() => setSecret(null)} />}
    </section>
  );
}
