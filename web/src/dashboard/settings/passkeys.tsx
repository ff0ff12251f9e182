import { useEffect, useState } from "preact/hooks";
import { ApiError, call } from "../../core";
import { Dialog } from "../parts/parts";
import { api, complain, explain } from "../state/state";
import { ago, coded, t } from "../state/words";

interface PasskeyRow {
  id: string;
  name: string;
  created_at: string;
  used_at: string | null;
}

/** Whether this browser can ask devices for passkeys, and hand over what they say as JSON. */
export const canPasskey = (): boolean => "PublicKeyCredential" in globalThis && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** What went wrong between the browser and the device, or the server, in the reader's words. */
export function passkeyTrouble(error: unknown): string {
  if (error instanceof DOMException) return t(error.name === "InvalidStateError" ? "passkeys.known" : "passkeys.cancelled");
  if (error instanceof ApiError && ["passkey_wrong", "no_passkeys_here", "bad_credentials", "sign_in_again", "last_way_in", "last_factor"].includes(error.code)) return coded("passkeys", error.code);
  return explain(error);
}

/** Lets the person choose a passkey on their device; what the server needs to see of it. */
export async function askDevice(): Promise<unknown> {
  const options = await call<PublicKeyCredentialRequestOptionsJSON>("POST", "/v1/auth/passkeys/begin");
  const found = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return (found as PublicKeyCredential).toJSON();
}

function Add({ close, done, password }: { close(): void; done(): void; password: boolean }) {
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    try {
      const options = await api().post<PublicKeyCredentialCreationOptionsJSON>("/v1/account/passkeys/begin", { password: form.get("password") ?? "" });
      const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
      await api().post("/v1/account/passkeys", { name: form.get("name"), credential: (made as PublicKeyCredential).toJSON() });
      done();
      close();
    } catch (failure) {
      setError(passkeyTrouble(failure));
    }
  };
  return (
    <Dialog title={t("passkeys.add")} close={close} testid="passkey-add">
      <form class="stack" onSubmit={submit}>
        <p>{t("passkeys.addHint")}</p>
        <label>{t("side.name")}<input name="name" required maxLength={80} data-testid="passkey-name" autofocus /></label>
        {password && <label>{t("password")}<input name="password" type="password" required autocomplete="current-password" data-testid="passkey-password" /></label>}
        {error && <p class="warn" role="alert">{error}</p>}
        <button type="submit" class="primary" data-testid="passkey-go">{t("passkeys.add")}</button>
      </form>
    </Dialog>
  );
}

/** One's own passkeys. */
export function Passkeys({ password }: { password: boolean }) {
  const [list, setList] = useState<PasskeyRow[]>([]);
  const [open, setOpen] = useState(false);
  const load = () => api().get<{ passkeys: PasskeyRow[] }>("/v1/account/passkeys").then((reply) => setList(reply.passkeys), complain);
  useEffect(() => void load(), []);
  const remove = (id: string) => api().request("DELETE", `/v1/account/passkeys/${id}`).catch(complain).then(load);
  return (
    <>
      <h3>{t("passkeys")}</h3>
      <p class="faint">{t(canPasskey() ? "passkeys.hint" : "passkeys.unable")}</p>
      <ul class="sourcelist">
        {list.map((each) => (
          <li class="source" key={each.id} data-testid="passkey">
            <div class="who"><b>{each.name}</b><span class="faint">{each.used_at ? t("passkeys.used", { ago: ago(each.used_at) }) : t("passkeys.unused")}</span></div>
            <button type="button" class="quiet" aria-label={`${t("delete")}: ${each.name}`} onClick={() => void remove(each.id)}>{t("delete")}</button>
          </li>
        ))}
      </ul>
      {canPasskey() && <button type="button" class="fit" data-testid="add-passkey" onClick={() => setOpen(true)}>{t("passkeys.add")}</button>}
      {open && <Add password={password} close={() => setOpen(false)} done={() => void load()} />}
    </>
  );
}
