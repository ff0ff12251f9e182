import { useEffect, useState } from "preact/hooks";
import { Secret } from "../bots/bots";
import { Avatar, Trouble } from "../parts/parts";
import { ownRoles } from "./roles";
import { api, complain, me, session, toast } from "../state/state";
import { ago, t, type Word } from "../state/words";

interface Person {
  id: string;
  name: string;
  handle: string | null;
  email: string | null;
  role: string | null;
  custom_role: string | null;
  active: boolean;
  second_factor: boolean;
  seen_at: string | null;
}

interface Invitation {
  id: string;
  name: string;
  role: string | null;
  custom_role: string | null;
  user: string | null;
  expires_at: string;
}

const ROLES = ["owner", "admin", "operator", "developer", "analyst"] as const;

/** The name of a workspace role; none means that only conversations give rights. */
function roleName(role: string | null): string {
  const own = ownRoles.value.find((each) => role === `custom:${each.id}`);
  if (own) return own.name;
  if (role?.startsWith("custom")) return t("role.custom");
  return t(`role.${role ?? "none"}` as Word);
}

/** One value for a role, whether it is one of everybody's or the workspace's own. */
const valueOf = (of: { role: string | null; custom_role: string | null }) => (of.role === "custom" ? `custom:${of.custom_role}` : of.role);
export const askedOf = (value: string) => (value.startsWith("custom:") ? { role: "custom", custom_role: value.slice(7) } : { role: value || null });

function RoleChoice({ name, value, choose, disabled }: { name: string; value: string | null; choose?(role: string): void; disabled?: boolean }) {
  const mine = session.value?.role === "owner" ? ROLES : ROLES.filter((each) => each !== "owner" || value === "owner");
  return (
    <select name="role" aria-label={name} value={value ?? ""} disabled={disabled ?? false} data-testid="role" onChange={(event) => choose?.(event.currentTarget.value)}>
      {(value === null || !choose) && <option value="">{roleName(null)}</option>}
      {mine.map((role) => <option value={role}>{roleName(role)}</option>)}
      {ownRoles.value.map((each) => <option value={`custom:${each.id}`}>{each.name}</option>)}
    </select>
  );
}

function PersonRow({ person, changed, tell }: { person: Person; changed(): void; tell(link: string): void }) {
  const path = `/v1/admin/people/${person.id}`;
  const change = (body: object) => api().request("PATCH", path, { body }).catch(complain).then(changed);
  const own = person.id === me().id;
  // Owners are changed by owners only, and nobody changes themselves.
  const fixed = own || (person.role === "owner" && session.value?.role !== "owner");
  const facts = [person.handle && `@${person.handle}`, person.email, person.seen_at && t("people.seen", { ago: ago(person.seen_at) }), person.second_factor && t("people.factor")];
  const reset = () => api().post<{ url: string }>(`${path}/password-link`).then(({ url }) => tell(url), complain);
  const drop = () => api().request("DELETE", `${path}/second-factor`).then(() => toast(t("people.factorDropped")), complain).then(changed);
  return (
    <li class="source" data-testid="person">
      <Avatar name={person.name} />
      <div class="who">
        <b>{person.name}{own ? ` (${t("you")})` : ""}</b>
        <span class="faint">{person.active ? facts.filter(Boolean).join(" · ") : t("people.out")}</span>
      </div>
      <RoleChoice name={`${t("people.role")}: ${person.name}`} value={valueOf(person)} disabled={fixed || !person.active} choose={(role) => void change(askedOf(role))} />
      {!fixed && (
        <details class="more">
          <summary aria-label={`${t("people.more")}: ${person.name}`}>⋯</summary>
          <div class="menu">
            {person.active && <button type="button" class="quiet" onClick={() => void reset()}>{t("people.reset")}</button>}
            {person.second_factor && <button type="button" class="quiet" onClick={() => void drop()}>{t("people.dropFactor")}</button>}
            <button type="button" class="quiet" data-testid="toggle-active" onClick={() => void change({ active: !person.active })}>{t(person.active ? "people.deactivate" : "people.activate")}</button>
          </div>
        </details>
      )}
    </li>
  );
}

function Invite({ tell }: { tell(link: string): void }) {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    try {
      const made = await api().post<{ url: string }>("/v1/admin/invitations", { name: form.get("name"), ...askedOf(String(form.get("role") ?? "")), email: form.get("email") || null });
      element.reset();
      tell(made.url);
    } catch (error) {
      complain(error);
    }
  };
  return (
    <form class="together" onSubmit={submit} data-testid="invite-form">
      <label>{t("side.name")}<input name="name" required maxLength={80} data-testid="invite-name" /></label>
      <label>{t("people.email")}<input name="email" type="email" maxLength={200} data-testid="invite-email" /></label>
      <label>{t("people.role")}<RoleChoice name={t("people.role")} value="operator" /></label>
      <button type="submit" class="primary" data-testid="invite">{t("people.invite")}</button>
    </form>
  );
}

/** Everybody who may sign in, and the links with which more come. */
export function People() {
  const [people, setPeople] = useState<Person[] | null>(null);
  const [invitations, setInvitations] = useState<Invitation[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [link, setLink] = useState<string | null>(null);
  const load = async () => {
    try {
      setPeople((await api().get<{ people: Person[] }>("/v1/admin/people")).people);
      setInvitations((await api().get<{ invitations: Invitation[] }>("/v1/admin/invitations")).invitations);
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  };
  const tell = (url: string) => {
    setLink(url);
    void load();
  };
  useEffect(() => void load(), []);
  const withdraw = (id: string) => api().request("DELETE", `/v1/admin/invitations/${id}`).catch(complain).then(load);
  return (
    <section class="card" data-testid="people">
      <h2>{t("people")}</h2>
      <p class="faint">{t("people.hint")}</p>
      {!!error && <Trouble error={error} retry={() => void load()} />}
      <ul class="sourcelist">{people?.map((each) => <PersonRow key={each.id} person={each} changed={() => void load()} tell={tell} />)}</ul>
      {invitations.length > 0 && <h3>{t("people.invited")}</h3>}
      <ul class="sourcelist">
        {invitations.map((each) => (
          <li class="source" key={each.id} data-testid="invitation">
            <div class="who"><b>{each.name}</b><span class="faint">{each.user ? t("people.reset") : roleName(valueOf(each))} · {t("people.until", { at: new Date(each.expires_at).toLocaleDateString() })}</span></div>
            <button type="button" class="quiet" aria-label={`${t("people.withdraw")}: ${each.name}`} onClick={() => void withdraw(each.id)}>{t("people.withdraw")}</button>
          </li>
        ))}
      </ul>
      <Invite tell={tell} />
      {link && <Secret name={t("people.link")} hint={t("people.linkHint")} value={link} close={() => setLink(null)} />}
    </section>
  );
}
