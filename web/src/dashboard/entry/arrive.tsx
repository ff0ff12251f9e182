import { useEffect, useState } from "preact/hooks";
import { ApiError, call, type Session } from "../../core";
import { api, begin, complain, explain, go, session, toast } from "../state/state";
import { ago, coded, t } from "../state/words";

const KEPT = "myna.binding";

interface ProviderName {
  id: string;
  name: string;
}

interface LinkRow {
  id: string;
  provider: string;
  email: string | null;
  linked_at: string;
}

/** What a provider's answer left in this page's address: something to come in with, or what went wrong. */
export function arrival(): { arrival: string } | { failed: string } | null {
  const [, failed, found] = /^#\/arrive(-failed)?\/([\w-]{1,128})$/.exec(location.hash) ?? [];
  return found ? (failed ? { failed: found } : { arrival: found }) : null;
}

/** Go to a provider. The binding stays in this tab: without it nobody can use what comes back. */
async function leaveFor(provider: string, link: boolean): Promise<void> {
  const begun = await call<{ url: string; binding: string }>("POST", `/v1/auth/providers/${provider}/begin`);
  sessionStorage.setItem(KEPT, JSON.stringify({ binding: begun.binding, link }));
  location.assign(begun.url);
}

function refusal(error: unknown): string {
  if (error instanceof ApiError && error.code === "code_wrong") return t("account.code_wrong");
  if (error instanceof ApiError && [401, 409, 422].includes(error.status)) return coded("arrive", error.code);
  return explain(error);
}

/** Buttons of the sign-in page for the workspace's providers. */
export function Elsewhere({ fail }: { fail(text: string): void }) {
  const [list, setList] = useState<ProviderName[]>([]);
  useEffect(() => void call<{ providers: ProviderName[] }>("GET", "/v1/auth/providers").then((reply) => setList(reply.providers), () => undefined), []);
  return <>{list.map((each) => <button type="button" key={each.id} data-testid="provider" onClick={() => void leaveFor(each.id, false).catch((error) => fail(refusal(error)))}>{t("arrive.with", { name: each.name })}</button>)}</>;
}

/** Somebody comes back from a provider. */
export function Arrive({ found, leave }: { found: { arrival: string } | { failed: string }; leave(): void }) {
  const [error, setError] = useState<string | null>("failed" in found ? coded("arrive", found.failed) : null);
  const [factor, setFactor] = useState(false);
  const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null") as { binding: string; link: boolean } | null;
  const come = async (code?: string) => {
    if ("failed" in found) return;
    const body = { arrival: found.arrival, binding: kept?.binding ?? "x".repeat(43) };
    try {
      if (kept?.link && session.value) {
        await api().post("/v1/account/providers", body);
        toast(t("arrive.linked"));
        leave();
        go("settings");
      } else {
        const signedIn = await call<Session>("POST", "/v1/auth/arrive", { body: { ...body, ...(code ? { code } : {}) } });
        leave();
        begin(signedIn);
      }
      sessionStorage.removeItem(KEPT);
    } catch (failure) {
      if (failure instanceof ApiError && failure.code === "second_factor_needed") setFactor(true);
      else setError(refusal(failure));
    }
  };
  useEffect(() => void come(), []);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setError(null);
    void come(String(new FormData(event.currentTarget as HTMLFormElement).get("code")).trim());
  };
  return (
    <main class="signin">
      <form class="card" onSubmit={submit} data-testid="arrive">
        <h1>{t("signInTitle")}</h1>
        {!factor && !error && <p class="faint" role="status">{t("join.wait")}</p>}
        {factor && <label>{t("account.codeOrRecovery")}<input name="code" required minLength={6} maxLength={32} autocomplete="one-time-code" data-testid="code" autofocus /></label>}
        {error && <p class="warn" role="alert" data-testid="arrive-error">{error}</p>}
        {factor && <button type="submit" class="primary">{t("signIn")}</button>}
        <button type="button" class="link" onClick={leave}>{t("arrive.back")}</button>
      </form>
    </main>
  );
}

/** One's own accounts at providers. */
export function Links() {
  const [links, setLinks] = useState<LinkRow[]>([]);
  const [list, setList] = useState<ProviderName[]>([]);
  const load = async () => {
    setLinks((await api().get<{ linked: LinkRow[] }>("/v1/account/providers")).linked);
    setList((await api().get<{ providers: ProviderName[] }>("/v1/auth/providers")).providers);
  };
  useEffect(() => void load().catch(complain), []);
  const missing = list.filter((each) => !links.some((link) => link.provider === each.name));
  const end = (id: string) => api().request("DELETE", `/v1/account/providers/${id}`).then(load).catch((error) => toast(refusal(error), true));
  if (!links.length && !missing.length) return null;
  return (
    <>
      <h3>{t("arrive.accounts")}</h3>
      <ul class="sourcelist">
        {links.map((each) => (
          <li class="source" key={each.id} data-testid="linked">
            <div class="who"><b>{each.provider}</b><span class="faint">{[each.email, ago(each.linked_at)].filter(Boolean).join(" · ")}</span></div>
            <button type="button" class="quiet" aria-label={`${t("arrive.unlink")}: ${each.provider}`} onClick={() => void end(each.id)}>{t("arrive.unlink")}</button>
          </li>
        ))}
      </ul>
      {missing.map((each) => <button type="button" class="fit" key={each.id} data-testid="link-provider" onClick={() => void leaveFor(each.id, true).catch((error) => toast(refusal(error), true))}>{t("arrive.link", { name: each.name })}</button>)}
    </>
  );
}
