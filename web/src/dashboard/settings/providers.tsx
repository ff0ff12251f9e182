import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { Trouble } from "../parts/parts";
import { askedOf } from "./people";
import { ownRoles } from "./roles";
import { api, complain, explain, toast } from "../state/state";
import { t, type Word } from "../state/words";

interface Provider {
  id: string;
  name: string;
  issuer: string;
  client_id: string;
  has_secret: boolean;
  links: boolean;
  creates: boolean;
  role: string | null;
  custom_role: string | null;
  domains: string[];
  active: boolean;
  redirect_uri: string;
}

const ROLES = ["admin", "operator", "developer", "analyst"] as const;

const refusal = (error: unknown) => (error instanceof ApiError && error.code === "provider_failed" ? error.problem.detail : explain(error));

function ProviderForm({ provider, changed }: { provider: Provider; changed(): void }) {
  const [error, setError] = useState<string | null>(null);
  const [sure, setSure] = useState(false);
  const path = `/v1/admin/providers/${provider.id}`;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const secret = String(form.get("secret") ?? "");
    const role = String(form.get("role") ?? "");
    try {
      await api().request("PATCH", path, {
        body: {
          name: form.get("name"),
          issuer: form.get("issuer"),
          client_id: form.get("client"),
          ...(secret ? { client_secret: secret } : {}),
          links: form.has("links"),
          creates: form.has("creates"),
          ...(role ? askedOf(role) : {}),
          domains: String(form.get("domains") ?? "").split(/[\s,]+/).filter(Boolean),
          active: form.has("active"),
        },
      });
      setError(null);
      toast(t("settings.saved"));
      changed();
    } catch (failure) {
      setError(refusal(failure));
    }
  };
  return (
    <details class="card" data-testid="provider-row">
      <summary><b>{provider.name}</b> <span class="faint">{provider.issuer}{provider.active ? "" : ` · ${t("providers.off")}`}</span></summary>
      <form class="stack" onSubmit={submit}>
        <label>{t("providers.redirect")}<input readOnly value={provider.redirect_uri} data-testid="provider-redirect" /></label>
        <div class="pair">
          <label>{t("side.name")}<input name="name" required maxLength={80} defaultValue={provider.name} /></label>
          <label>{t("providers.issuer")}<input name="issuer" type="url" required defaultValue={provider.issuer} /></label>
          <label>{t("providers.client")}<input name="client" required maxLength={300} defaultValue={provider.client_id === "-" ? "" : provider.client_id} data-testid="provider-client" /></label>
          <label>{t("providers.secret")}<input name="secret" type="password" maxLength={500} autocomplete="off" placeholder={provider.has_secret ? "••••••••" : ""} data-testid="provider-secret" /></label>
        </div>
        <label class="check"><input type="checkbox" name="links" defaultChecked={provider.links} />{t("providers.links")}</label>
        <label class="check"><input type="checkbox" name="creates" defaultChecked={provider.creates} data-testid="provider-creates" />{t("providers.creates")}</label>
        <div class="pair">
          <label>{t("people.role")}
            <select name="role" defaultValue={provider.role ?? ""}>
              <option value="">{t("role.none")}</option>
              {ROLES.map((each) => <option value={each} selected={each === provider.role}>{t(`role.${each}` as Word)}</option>)}
              {ownRoles.value.map((each) => <option value={`custom:${each.id}`} selected={each.id === provider.custom_role}>{each.name}</option>)}
            </select>
          </label>
          <label>{t("providers.domains")}<input name="domains" defaultValue={provider.domains.join(", ")} placeholder="example.org" /></label>
        </div>
        <label class="check"><input type="checkbox" name="active" defaultChecked={provider.active} data-testid="provider-active" />{t("providers.active")}</label>
        {error && <p class="warn" role="alert">{error}</p>}
        <span class="actions">
          <button type="submit" class="primary" data-testid="provider-save">{t("save")}</button>
          <button type="button" class={sure ? "danger" : "quiet"} onBlur={() => setSure(false)} onClick={() => (sure ? void api().request("DELETE", path).then(changed, complain) : setSure(true))}>{sure ? t("confirmDelete") : t("delete")}</button>
        </span>
      </form>
    </details>
  );
}

/** Where people of the workspace may sign in instead, for administrators. */
export function Providers() {
  const [list, setList] = useState<Provider[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const load = () => api().get<{ providers: Provider[] }>("/v1/admin/providers").then((reply) => {
    setList(reply.providers);
    setError(null);
  }, setError);
  useEffect(() => void load(), []);
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    try {
      // The provider gives out its client only for the address that this answer holds, so it is off until then.
      await api().post("/v1/admin/providers", { name: form.get("name"), issuer: form.get("issuer"), client_id: "-", active: false });
      element.reset();
      setRefused(null);
      await load();
    } catch (failure) {
      setRefused(refusal(failure));
    }
  };
  return (
    <section class="card stack" data-testid="providers">
      <h2>{t("providers")}</h2>
      <p class="faint">{t("providers.hint")}</p>
      {!!error && <Trouble error={error} retry={() => void load()} />}
      {list?.map((each) => <ProviderForm key={each.id + each.active + each.client_id} provider={each} changed={() => void load()} />)}
      <form class="together" onSubmit={add}>
        <label>{t("side.name")}<input name="name" required maxLength={80} data-testid="provider-name" /></label>
        <label>{t("providers.issuer")}<input name="issuer" type="url" required placeholder="https://login.example.org" data-testid="provider-issuer" /></label>
        <button type="submit" class="primary" data-testid="provider-add">{t("providers.add")}</button>
      </form>
      {refused && <p class="warn" role="alert" data-testid="provider-refused">{refused}</p>}
    </section>
  );
}
