import { useEffect, useState } from "preact/hooks";
import { ApiError, call, type Session } from "../../core";
import { begin, explain } from "../state/state";
import { coded, t } from "../state/words";

interface Shown {
  name: string;
  handle: string | null;
  workspace: string;
}

/** The secret of an invitation in this page's address; it stands behind `#`, so the server never saw it. */
export function invitation(): string | null {
  return /^#\/?join\/([\w-]{16,128})$/.exec(location.hash)?.[1] ?? null;
}

function refusal(error: unknown): string {
  if (error instanceof ApiError && ["invitation_over", "handle_taken"].includes(error.code)) return coded("join", error.code);
  if (error instanceof ApiError && error.status === 400) return t("join.malformed");
  return explain(error);
}

/** Where an invited person chooses name and password, or a known one a new password. */
export function Join({ token, leave }: { token: string; leave(): void }) {
  const [shown, setShown] = useState<Shown | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    call<Shown>("POST", "/v1/auth/invitations/look", { body: { token } }).then(setShown, (failure) => setError(refusal(failure)));
  }, [token]);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const body = { token, password: form.get("password"), ...(shown?.handle ? {} : { handle: form.get("handle"), name: form.get("name") }) };
    setBusy(true);
    try {
      const come = await call<Session & { second_factor_needed?: boolean }>("POST", "/v1/auth/invitations/accept", { body });
      leave();
      if (!come.second_factor_needed) begin(come);
    } catch (failure) {
      setError(refusal(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="signin">
      <form class="card" onSubmit={submit} data-testid="join">
        <h1>{shown ? t(shown.handle ? "join.reset" : "join.title", { workspace: shown.workspace }) : t("join.wait")}</h1>
        {shown && (
          <>
            <p class="faint">{shown.handle ? t("join.as", { handle: shown.handle }) : t("join.hint")}</p>
            {!shown.handle && <label>{t("side.name")}<input name="name" required maxLength={80} defaultValue={shown.name} autocomplete="name" data-testid="join-name" /></label>}
            {shown.handle
              ? <input type="hidden" name="username" value={shown.handle} autocomplete="username" />
              : <label>{t("handle")}<input name="handle" required pattern="[a-z0-9][a-z0-9._\-]{0,62}[a-z0-9]" title={t("join.handleHint")} autocapitalize="none" autocomplete="username" data-testid="join-handle" /></label>}
            <label>{t("account.new")}<input name="password" type="password" required minLength={8} maxLength={256} autocomplete="new-password" data-testid="join-password" /></label>
          </>
        )}
        {error && <p class="warn" role="alert" data-testid="join-error">{error}</p>}
        {shown && <button type="submit" class="primary" disabled={busy} data-testid="join-go">{t("join.go")}</button>}
        <button type="button" class="link" onClick={leave}>{t("join.leave")}</button>
      </form>
    </main>
  );
}
