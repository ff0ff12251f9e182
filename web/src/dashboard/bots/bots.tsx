import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../core";
import { Deliveries, type Webhook } from "./botdeliveries";
import { BotPhoto, BotProfile, type Bot } from "./botprofile";
import { Dialog, Empty, Trouble } from "../parts/parts";
import { api, complain, toast } from "../state/state";
import { ago, coded, t } from "../state/words";

interface Token {
  id: string;
  name: string;
  key?: string;
}

/** A bot without a webhook is answered with 404. */
function none(error: unknown): null {
  if (error instanceof ApiError && error.status === 404) return null;
  throw error;
}

let known: Bot[] | null = null;

/** A secret that is shown this once, with a button that copies it. */
export function Secret({ name, value, close, hint }: { name: string; value: string; close(): void; hint?: string }) {
  const copy = () => void navigator.clipboard.writeText(value).then(() => toast(t("copied")), () => toast(t("notCopied"), true));
  return (
    <Dialog title={name} close={close} testid="secret">
      <p>{hint ?? t("bots.once")}</p>
      <div class="snippet"><pre tabIndex={0} data-testid="secret-value">{value}</pre><button type="button" onClick={copy}>{t("copy")}</button></div>
    </Dialog>
  );
}

function BotCard({ bot, changed, tell }: { bot: Bot; changed(): void; tell(name: string, value: string): void }) {
  const [open, setOpen] = useState(false);
  const [tokens, setTokens] = useState<Token[]>([]);
  const [webhook, setWebhook] = useState<Webhook | null>(null);
  const [sure, setSure] = useState(false);
  const path = `/v1/bots/${bot.id}`;
  const load = async () => {
    setTokens((await api().get<{ tokens: Token[] }>(path)).tokens);
    setWebhook(await api().get<{ webhook: Webhook }>(`${path}/webhook`).then((found) => found.webhook, none));
  };
  useEffect(() => {
    if (open) load().catch(complain);
  }, [open]);
  const setHook = async (event: SubmitEvent) => {
    event.preventDefault();
    const url = String(new FormData(event.currentTarget as HTMLFormElement).get("url")).trim();
    try {
      if (!url) await api().request("DELETE", `${path}/webhook`);
      else {
        const made = await api().request<{ secret?: string }>("PUT", `${path}/webhook`, { body: { url } });
        if (made.secret) tell(t("bots.signing"), made.secret);
      }
      toast(t("settings.saved"));
    } catch (error) {
      complain(error);
    }
    await load().catch(complain);
  };
  const issue = () => api().post<{ token: Token }>(`${path}/tokens`, { name: new Date().toISOString().slice(0, 16) }).then(({ token }) => {
    tell(t("bots.key", { name: bot.name }), token.key ?? "");
    return load();
  }).catch(complain);
  return (
    <li class="card" data-testid="bot">
      <div class="head">
        <BotPhoto bot={bot} />
        <div class="who"><b>{bot.name}</b><span class="faint">{[`@${bot.handle}`, bot.description, ago(bot.created_at)].filter(Boolean).join(" · ")}</span></div>
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} data-testid="bot-open">{t("details")}</button>
      </div>
      {open && (
        <div class="stack">
          <BotProfile bot={bot} changed={changed} />
          <h2>{t("bots.keys")}</h2>
          <ul class="sourcelist">
            {tokens.map((each) => (
              <li class="source" key={each.id}>
                <div class="who"><span>{each.name}</span></div>
                <button type="button" class="quiet" onClick={() => void api().request("DELETE", `${path}/tokens/${each.id}`).then(load, complain)}>{t("bots.revoke")}</button>
              </li>
            ))}
          </ul>
          <button type="button" onClick={() => void issue()} data-testid="bot-key">{t("bots.newKey")}</button>
          <form class="stack" onSubmit={setHook}>
            <label>{t("bots.webhook")}<input name="url" type="url" placeholder="https://bot.example.org/events" defaultValue={webhook?.url ?? ""} key={webhook?.url} data-testid="bot-webhook" /></label>
            {webhook && <p class={webhook.last_error ? "warn" : "faint"}>{coded("hook", webhook.state)} {webhook.last_error}</p>}
            <button type="submit" class="primary" data-testid="save-webhook">{t("save")}</button>
          </form>
          {webhook && <Deliveries bot={bot.id} webhook={webhook} changed={() => void load().catch(complain)} />}
          <button type="button" class={sure ? "danger" : "quiet"} onBlur={() => setSure(false)} onClick={() => (sure ? void api().request("DELETE", path).then(changed, complain) : setSure(true))}>
            {sure ? t("confirmDelete") : t("bots.remove")}
          </button>
        </div>
      )}
    </li>
  );
}

/** Programs that are members of conversations: their keys and where their events go. */
export function Bots() {
  const [bots, setBots] = useState<Bot[] | null>(known);
  const [error, setError] = useState<unknown>(null);
  const [secret, setSecret] = useState<[name: string, value: string] | null>(null);
  const load = () => api().get<{ bots: Bot[] }>("/v1/bots").then((reply) => {
    known = reply.bots;
    setBots(reply.bots);
    setError(null);
  }, setError);
  useEffect(() => void load(), []);
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    try {
      const made = await api().post<{ bot: Bot; token: Token }>("/v1/bots", { name: form.get("name"), handle: form.get("handle"), description: form.get("description") });
      element.reset();
      setSecret([t("bots.key", { name: made.bot.name }), made.token.key ?? ""]);
    } catch (failure) {
      complain(failure);
    }
    await load();
  };
  return (
    <div class="screen one">
      <div class="column">
        <h1>{t("bots")}</h1>
        {!!error && <Trouble error={error} retry={() => void load()} />}
        {bots?.length === 0 && <Empty title={t("bots.empty")} hint={t("bots.emptyHint")} />}
        <ul class="cards">{bots?.map((bot) => <BotCard key={bot.id} bot={bot} changed={() => void load()} tell={(name, value) => setSecret([name, value])} />)}</ul>
        <section class="card">
          <h2>{t("bots.make")}</h2>
          <form class="stack" onSubmit={make}>
            <label>{t("side.name")}<input name="name" required maxLength={64} data-testid="bot-name" /></label>
            <label>{t("bots.handle")}<input name="handle" required minLength={3} maxLength={32} placeholder="order_bot" autocapitalize="none" data-testid="bot-handle" /></label>
            <label>{t("bots.description")}<input name="description" maxLength={500} /></label>
            <button type="submit" class="primary" data-testid="make-bot">{t("bots.make")}</button>
          </form>
        </section>
        {secret && <Secret name={secret[0]} value={secret[1]} close={() => setSecret(null)} />}
      </div>
    </div>
  );
}
