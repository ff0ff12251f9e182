import { useRef, useState } from "preact/hooks";
import { ApiError, call, type Session } from "../../core";
import type { Challenge } from "../../frame/proof";
import { Elsewhere } from "./arrive";
import { askDevice, canPasskey, passkeyTrouble } from "../settings/passkeys";
import { begin, explain, signedOutBecause } from "../state/state";
import { lang, speak, t } from "../state/words";

/** Signs in; an address from which wrong passwords came computes something first, and the solver is loaded only then. */
async function enter(body: Record<string, unknown>): Promise<Session> {
  try {
    return await call<Session>("POST", "/v1/auth/sign-in", { body });
  } catch (failure) {
    if (!(failure instanceof ApiError) || failure.code !== "proof_needed" || body.proof) throw failure;
    const { solve } = await import("../../frame/proof");
    return enter({ ...body, proof: await solve(failure.problem as unknown as Challenge) });
  }
}

export function SignIn() {
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [factor, setFactor] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const withPasskey = async () => {
    setBusy(true);
    setError(null);
    try {
      const found = await askDevice();
      const given = new FormData(form.current!);
      const beside = { handle: given.get("handle"), password: given.get("password"), passkey: found };
      begin(await (factor ? enter(beside) : call<Session>("POST", "/v1/auth/passkeys", { body: { credential: found } })));
    } catch (failure) {
      setError(passkeyTrouble(failure));
    } finally {
      setBusy(false);
    }
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const code = String(given.get("code") ?? "").trim();
    const body = { handle: given.get("handle"), password: given.get("password"), ...(code ? { code } : {}) };
    setBusy(true);
    try {
      begin(await enter(body));
    } catch (failure) {
      if (failure instanceof ApiError && failure.code === "second_factor_needed") {
        setError(null);
        setFactor(true);
      } else if (failure instanceof ApiError && failure.code === "code_wrong") setError(t("account.code_wrong"));
      else if (failure instanceof ApiError && failure.status === 401) setError(t("badCredentials"));
      else if (failure instanceof ApiError && failure.status === 429) setError(t("tooMany"));
      else setError(explain(failure));
    } finally {
      setBusy(false);
    }
  };
  const because = signedOutBecause.value;
  return (
    <main class="signin">
      <form class="card" onSubmit={submit} ref={form}>
        <h1>{t("signInTitle")}</h1>
        <p class="faint">{t("signInHint")}</p>
        {because && !error && <p class="warn" role="status">{t(because)}</p>}
        <label>
          {t("handle")}
          <input name="handle" required autocomplete="username" autocapitalize="none" data-testid="handle" autofocus />
        </label>
        <label>
          {t("password")}
          <input name="password" type="password" required autocomplete="current-password" data-testid="password" />
        </label>
        {factor && (
          <label>
            {t("account.codeOrRecovery")}
            <input name="code" required minLength={6} maxLength={32} autocomplete="one-time-code" data-testid="code" ref={(field) => field?.focus()} />
          </label>
        )}
        {error && <p class="warn" role="alert" data-testid="sign-in-error">{error}</p>}
        <button type="submit" class="primary" disabled={busy} data-testid="sign-in">{t("signIn")}</button>
        {canPasskey() && <button type="button" disabled={busy} data-testid="use-passkey" onClick={() => void withPasskey()}>{t(factor ? "passkeys.instead" : "passkeys.use")}</button>}
        <Elsewhere fail={setError} />
        <button type="button" class="link" lang={lang.value === "zh" ? "en" : "zh-CN"} onClick={() => void speak(lang.value === "zh" ? "en" : "zh")}>{t("language")}</button>
      </form>
    </main>
  );
}
