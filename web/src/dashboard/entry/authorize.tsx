import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { api, explain, me } from "../state/state";
import { coded, t } from "../state/words";

interface Look {
  application: { id: string; name: string };
  scopes: { scope: string; text: string }[];
  redirect: string | null;
}

const FIELDS = ["client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "code_challenge_method"] as const;

/** What an application asks for, in this page's address. */
export function authorization(): Record<string, string> | null {
  const query = /^#\/authorize\?(.*)$/.exec(location.hash)?.[1];
  if (query === undefined) return null;
  const given = new URLSearchParams(query);
  return Object.fromEntries(FIELDS.map((name) => [name, given.get(name) ?? ""]));
}

/** Asks whether an application may act for the person who is signed in. */
export function Authorize({ asked, leave }: { asked: Record<string, string>; leave(): void }) {
  const [look, setLook] = useState<Look | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const fail = (failure: unknown) => {
    setBusy(false);
    setError(failure instanceof ApiError && failure.status === 400 ? coded("authorize", failure.code) : explain(failure));
  };
  useEffect(() => void api().post<Look>("/v1/oauth/look", asked).then((found) => (found.redirect ? location.assign(found.redirect) : setLook(found)), fail), []);
  const decide = (allow: boolean) => {
    setBusy(true);
    void api().post<{ redirect: string }>("/v1/oauth/decide", { ...asked, allow }).then(({ redirect }) => location.assign(redirect), fail);
  };
  return (
    <main class="signin">
      <div class="card" data-testid="authorize">
        <h1>{look ? t("authorize.title", { name: look.application.name }) : t("join.wait")}</h1>
        {look && (
          <>
            <p class="faint">{t("authorize.as", { name: me().name, where: new URL(asked.redirect_uri ?? "").host || asked.redirect_uri || "" })}</p>
            <ul class="sourcelist">{look.scopes.map((each) => <li class="source" key={each.scope} data-testid="scope"><span>{coded("scope", each.scope, each.text)}</span></li>)}</ul>
            <p class="faint">{t("authorize.hint")}</p>
            <button type="button" class="primary" disabled={busy} data-testid="allow" onClick={() => decide(true)}>{t("authorize.allow")}</button>
            <button type="button" disabled={busy} data-testid="deny" onClick={() => decide(false)}>{t("authorize.deny")}</button>
          </>
        )}
        {error && <p class="warn" role="alert" data-testid="authorize-error">{error}</p>}
        {error && <button type="button" class="link" onClick={leave}>{t("arrive.back")}</button>}
      </div>
    </main>
  );
}
