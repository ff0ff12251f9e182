import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { Trouble } from "../parts/parts";
import { api, explain, toast } from "../state/state";
import { coded, t } from "../state/words";

interface Role {
  id: string;
  name: string;
  verbs: string[];
}

/** The workspace's own roles, for everything that lets one be chosen. */
export const ownRoles = signal<Role[]>([]);
const known = signal<string[]>([]);

async function load(): Promise<void> {
  const found = await api().get<{ roles: Role[]; verbs: string[] }>("/v1/admin/roles");
  ownRoles.value = found.roles;
  known.value = found.verbs;
}

function RoleForm({ role, done }: { role?: Role; done(): void }) {
  const [error, setError] = useState<string | null>(null);
  const ask = async (method: string, body?: object) => {
    try {
      await api().request(method, role ? `/v1/admin/roles/${role.id}` : "/v1/admin/roles", body ? { body } : {});
      setError(null);
      toast(t("settings.saved"));
      done();
      await load();
    } catch (failure) {
      setError(failure instanceof ApiError ? coded("roles", failure.code, explain(failure)) : explain(failure));
    }
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    void ask(role ? "PATCH" : "POST", { name: form.get("name"), verbs: form.getAll("verb") }).then(() => role || element.reset());
  };
  return (
    <form class="stack" onSubmit={submit}>
      <label>{t("side.name")}<input name="name" required maxLength={80} defaultValue={role?.name ?? ""} data-testid="role-name" /></label>
      <fieldset>
        <legend>{t("roles.verbs")}</legend>
        {known.value.map((verb) => <label class="check" key={verb}><input type="checkbox" name="verb" value={verb} defaultChecked={role?.verbs.includes(verb) ?? false} />{coded("verb", verb)}</label>)}
      </fieldset>
      {error && <p class="warn" role="alert">{error}</p>}
      <span class="actions">
        <button type="submit" class="primary" data-testid="role-save">{t("save")}</button>
        {role && <button type="button" class="quiet" data-testid="role-remove" onClick={() => void ask("DELETE")}>{t("delete")}</button>}
      </span>
    </form>
  );
}

/** Roles that the workspace made itself, for administrators. */
export function Roles() {
  const [error, setError] = useState<unknown>(null);
  const again = () => void load().then(() => setError(null), setError);
  useEffect(again, []);
  return (
    <section class="card stack" data-testid="roles">
      <h2>{t("roles")}</h2>
      <p class="faint">{t("roles.hint")}</p>
      {!!error && <Trouble error={error} retry={again} />}
      {ownRoles.value.map((each) => (
        <details key={each.id} data-testid="own-role">
          <summary><b>{each.name}</b> <span class="faint">{each.verbs.map((verb) => coded("verb", verb)).join(", ")}</span></summary>
          <RoleForm role={each} done={() => undefined} />
        </details>
      ))}
      <details>
        <summary data-testid="role-new">{t("roles.add")}</summary>
        <RoleForm done={() => undefined} />
      </details>
    </section>
  );
}
