import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { Links } from "../entry/arrive";
import { Secret } from "../bots/bots";
import { KeptBack } from "./keptback";
import { MyExport } from "./myexport";
import { canPasskey, Passkeys } from "./passkeys";
import { Dialog, Trouble } from "../parts/parts";
import { api, complain, explain, toast } from "../state/state";
import { ago, coded, t } from "../state/words";

interface AccountState {
  password: boolean;
  second_factor: boolean;
  recovery_codes: number;
}

interface DeviceRow {
  id: string;
  name: string;
  address: string;
  used_at: string;
  current: boolean;
}

const field = (form: HTMLFormElement, name: string) => String(new FormData(form).get(name) ?? "");

/** What the server says about a password or a code, in the reader's words. */
function refusal(error: unknown): string {
  if (error instanceof ApiError && ["bad_credentials", "code_wrong", "no_passkeys"].includes(error.code)) return coded("account", error.code);
  return explain(error);
}

function PasswordForm({ changed }: { changed(): void }) {
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    try {
      const done = await api().post<{ signed_out: number }>("/v1/account/password", { old: field(form, "old"), new: field(form, "new") });
      form.reset();
      setError(null);
      toast(t("account.passwordChanged", { n: done.signed_out }));
      changed();
    } catch (failure) {
      setError(refusal(failure));
    }
  };
  return (
    <form class="stack" onSubmit={submit} data-testid="password-form">
      <h3>{t("password")}</h3>
      <div class="pair">
        <label>{t("account.old")}<input name="old" type="password" required maxLength={256} autocomplete="current-password" data-testid="old-password" /></label>
        <label>{t("account.new")}<input name="new" type="password" required minLength={8} maxLength={256} autocomplete="new-password" data-testid="new-password" /></label>
      </div>
      {error && <p class="warn" role="alert">{error}</p>}
      <button type="submit" class="fit" data-testid="change-password">{t("account.change")}</button>
    </form>
  );
}

/** Password, then the authenticator app, then the recovery codes. */
function Enrol({ close, done }: { close(): void; done(): void }) {
  const [error, setError] = useState<string | null>(null);
  const [begun, setBegun] = useState<{ secret: string; uri: string; picture: string } | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    setError(null);
    try {
      if (!begun && (event.submitter as HTMLButtonElement).value === "passkeys") {
        setCodes((await api().post<{ recovery_codes: string[] }>("/v1/account/second-factor/passkeys", { password: field(form, "password") })).recovery_codes);
        done();
      } else if (begun) {
        setCodes((await api().post<{ recovery_codes: string[] }>("/v1/account/second-factor/confirm", { code: field(form, "code") })).recovery_codes);
        done();
      } else {
        const made = await api().post<{ secret: string; uri: string }>("/v1/account/second-factor", { password: field(form, "password") });
        const { renderSVG } = await import("uqr");
        setBegun({ ...made, picture: `data:image/svg+xml,${encodeURIComponent(renderSVG(made.uri))}` });
      }
    } catch (failure) {
      setError(refusal(failure));
    }
  };
  if (codes) {
    return <Secret name={t("account.recovery")} hint={t("account.recoveryHint")} value={codes.join("\n")} close={close} />;
  }
  return (
    <Dialog title={t("account.factor")} close={close} testid="enrol">
      <form class="stack" onSubmit={submit}>
        {begun ? (
          <>
            <p>{t("account.scan")}</p>
            <img class="qr" src={begun.picture} alt={t("account.qr")} width="200" height="200" />
            <label>{t("account.secret")}<input readOnly value={begun.secret} data-testid="factor-secret" /></label>
            <label>{t("account.code")}<input key="code" name="code" required inputMode="numeric" autocomplete="one-time-code" pattern="[0-9 ]{6,7}" data-testid="factor-code" autofocus /></label>
          </>
        ) : (
          <label>{t("password")}<input key="password" name="password" type="password" required autocomplete="current-password" data-testid="factor-password" autofocus /></label>
        )}
        {error && <p class="warn" role="alert">{error}</p>}
        <button type="submit" class="primary" data-testid="factor-next">{t(begun ? "account.turnOn" : "account.next")}</button>
        {!begun && canPasskey() && <button type="submit" value="passkeys" data-testid="factor-passkeys">{t("account.onlyPasskeys")}</button>}
      </form>
    </Dialog>
  );
}

function TurnOff({ close, done }: { close(): void; done(): void }) {
  const [error, setError] = useState<string | null>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    try {
      await api().post("/v1/account/second-factor/off", { password: field(form, "password"), code: field(form, "code") });
      done();
      close();
    } catch (failure) {
      setError(refusal(failure));
    }
  };
  return (
    <Dialog title={t("account.turnOff")} close={close} testid="factor-off">
      <form class="stack" onSubmit={submit}>
        <label>{t("password")}<input name="password" type="password" required autocomplete="current-password" autofocus /></label>
        <label>{t("account.codeOrRecovery")}<input name="code" required minLength={6} maxLength={32} autocomplete="one-time-code" /></label>
        {error && <p class="warn" role="alert">{error}</p>}
        <button type="submit" class="danger">{t("account.turnOff")}</button>
      </form>
    </Dialog>
  );
}

function Devices({ devices, changed }: { devices: DeviceRow[]; changed(): void }) {
  const end = (path: string, method: string) => api().request(method, path).then(changed, complain);
  return (
    <>
      <h3>{t("account.devices")}</h3>
      <ul class="sourcelist">
        {devices.map((each) => (
          <li class="source" key={each.id} data-testid="device">
            <div class="who"><b>{each.name || t("account.unknown")}</b><span class="faint">{each.address} · {each.current ? t("account.here") : ago(each.used_at)}</span></div>
            {!each.current && <button type="button" class="quiet" aria-label={`${t("signOut")}: ${each.name}`} onClick={() => void end(`/v1/account/devices/${each.id}`, "DELETE")}>{t("signOut")}</button>}
          </li>
        ))}
      </ul>
      {devices.length > 1 && <button type="button" class="fit" data-testid="end-others" onClick={() => void end("/v1/account/devices/others/sign-out", "POST")}>{t("account.endOthers")}</button>}
    </>
  );
}

/** One's own password, second factor and devices. */
export function Account() {
  const [state, setState] = useState<AccountState | null>(null);
  const [devices, setDevices] = useState<DeviceRow[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [open, setOpen] = useState<"enrol" | "off" | null>(null);
  const load = async () => {
    try {
      setState(await api().get<AccountState>("/v1/account"));
      setDevices((await api().get<{ devices: DeviceRow[] }>("/v1/account/devices")).devices);
      setError(null);
    } catch (failure) {
      setError(failure);
    }
  };
  useEffect(() => void load(), []);
  return (
    <section class="card stack" data-testid="account">
      <h2>{t("account")}</h2>
      {!!error && <Trouble error={error} retry={() => void load()} />}
      {state?.password !== false && <PasswordForm changed={() => void load()} />}
      <h3>{t("account.factor")}</h3>
      <p class="faint">{t(state?.second_factor ? "account.factorOn" : "account.factorOff", { n: state?.recovery_codes ?? 0 })}</p>
      {state && <button type="button" class="fit" data-testid="factor" onClick={() => setOpen(state.second_factor ? "off" : "enrol")}>{t(state.second_factor ? "account.turnOff" : "account.setUp")}</button>}
      {state && <Passkeys password={state.password} />}
      <Links />
      <Devices devices={devices} changed={() => void load()} />
      <KeptBack />
      <MyExport />
      {open === "enrol" && <Enrol close={() => setOpen(null)} done={() => void load()} />}
      {open === "off" && <TurnOff close={() => setOpen(null)} done={() => void load()} />}
    </section>
  );
}
