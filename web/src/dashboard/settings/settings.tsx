import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Account } from "./account";
import { People } from "./people";
import { Applications } from "./applications";
import { loadReplies, replies } from "../conversation/replies";
import { notifies, setNotifies } from "../state/notify";
import type { FormField } from "../../core";
import { DeskSettings } from "./deskadmin";
import { Imports } from "./imports";
import { InboxIdentity } from "./inboxidentity";
import { Empty, Trouble } from "../parts/parts";
import { Prechat } from "./prechat";
import { Providers } from "./providers";
import { Roles } from "./roles";
import { StaffingForm } from "./staffing";
import { may, type Verb } from "../state/rights";
import { api, complain, setTheme, theme, toast, type Theme } from "../state/state";
import { lang, speak, t, type Word } from "../state/words";

interface InboxSettings {
  id: string;
  key: string;
  name: string;
  greeting: Record<string, string>;
  suggestions: Record<string, string[]>;
  allowed_origins: string[];
  prechat: FormField[];
}

const LANGS = [["en", "English"], ["zh", "中文"]] as const;
const linesOf = (form: FormData, name: string) => String(form.get(name) ?? "").split("\n").map((line) => line.trim()).filter(Boolean);

function Choice<T extends string>({ name, value, options, choose }: { name: string; value: T; options: readonly (readonly [T, string])[]; choose(value: T): void }) {
  return (
    <label class="choice">
      {name}
      <select value={value} data-testid={`choose-${name}`} onChange={(event) => choose(event.currentTarget.value as T)}>
        {options.map(([key, words]) => <option value={key}>{words}</option>)}
      </select>
    </label>
  );
}

function Mine() {
  const themes: readonly (readonly [Theme, string])[] = [["auto", t("themeAuto")], ["light", t("themeLight")], ["dark", t("themeDark")]];
  return (
    <section class="card stack">
      <h2>{t("settings.mine")}</h2>
      <Choice name={t("side.language")} value={lang.value} options={LANGS} choose={speak} />
      <Choice name={t("theme")} value={theme.value} options={themes} choose={setTheme} />
      <label class="check">
        <input type="checkbox" checked={notifies.value} data-testid="notify" onChange={(event) => void setNotifies(event.currentTarget.checked)} />
        {t("settings.notify")}
      </label>
    </section>
  );
}

function InboxForm({ inbox, saved }: { inbox: InboxSettings; saved(): void }) {
  const [busy, setBusy] = useState(false);
  const snippet = `<script async src="${location.origin}/widget.js" data-inbox="${inbox.key}"></script>`;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const byLang = <T,>(read: (code: string) => T, keep: (value: T) => boolean) => Object.fromEntries(LANGS.map(([code]) => [code, read(code)] as const).filter(([, value]) => keep(value)));
    setBusy(true);
    try {
      await api().request("PATCH", `/v1/inboxes/${inbox.key}`, {
        body: {
          name: form.get("name"),
          greeting: byLang((code) => String(form.get(`greeting-${code}`) ?? "").trim(), (value) => value !== ""),
          suggestions: byLang((code) => linesOf(form, `suggestions-${code}`), (value) => value.length > 0),
          allowed_origins: linesOf(form, "origins"),
        },
      });
      toast(t("settings.saved"));
      saved();
    } catch (error) {
      complain(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="card">
      <h2>{t("settings.inbox", { name: inbox.name })}</h2>
      <p class="faint">{t("settings.snippet")}</p>
      <div class="snippet">
        <pre tabIndex={0}>{snippet}</pre>
        <button type="button" onClick={() => void navigator.clipboard.writeText(snippet).then(() => toast(t("copied")), () => toast(t("notCopied"), true))}>{t("copy")}</button>
      </div>
      <form class="stack" onSubmit={submit} data-testid="inbox-form">
        <label>{t("side.name")}<input name="name" required maxLength={200} defaultValue={inbox.name} data-testid="inbox-name" /></label>
        <div class="pair">
          {LANGS.map(([code, name]) => <label>{t("settings.greeting")} ({name})<textarea name={`greeting-${code}`} rows={3} maxLength={4000} defaultValue={inbox.greeting[code] ?? ""} data-testid={`greeting-${code}`} /></label>)}
          {LANGS.map(([code, name]) => <label>{t("settings.suggestions")} ({name})<textarea name={`suggestions-${code}`} rows={4} defaultValue={(inbox.suggestions[code] ?? []).join("\n")} /></label>)}
        </div>
        <label>{t("settings.origins")}<textarea name="origins" rows={2} placeholder="https://shop.example" defaultValue={inbox.allowed_origins.join("\n")} data-testid="origins" /></label>
        <button type="submit" class="primary" disabled={busy} data-testid="save-inbox">{t("save")}</button>
      </form>
      <StaffingForm inbox={inbox.id} />
      <Prechat inbox={inbox.key} questions={inbox.prechat} saved={saved} />
      <InboxIdentity inbox={inbox.key} />
    </section>
  );
}

function Inboxes() {
  const [list, setList] = useState<InboxSettings[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = () => api().get<{ inboxes: InboxSettings[] }>("/v1/inboxes").then((reply) => {
    setList(reply.inboxes);
    setError(null);
  }, setError);
  useEffect(() => void load(), []);
  return (
    <>
      {!!error && <Trouble error={error} retry={() => void load()} />}
      {list?.length === 0 && <Empty title={t("settings.noInbox")} hint={t("settings.noInboxHint")} />}
      {list?.map((inbox) => <InboxForm key={inbox.key} inbox={inbox} saved={() => void load()} />)}
    </>
  );
}

function Replies() {
  useEffect(() => void loadReplies(), []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const element = event.currentTarget as HTMLFormElement;
    const form = new FormData(element);
    try {
      await api().request("PUT", "/v1/replies", { body: { shortcut: String(form.get("shortcut")).replace(/^\//, ""), text: form.get("text") } });
      element.reset();
      await loadReplies();
    } catch (error) {
      complain(error);
    }
  };
  const remove = (id: string) => api().request("DELETE", `/v1/replies/${id}`).catch(complain).then(loadReplies);
  return (
    <section class="card">
      <h2>{t("replies")}</h2>
      <p class="faint">{t("replies.hint")}</p>
      <ul class="sourcelist">
        {replies.value?.map((each) => (
          <li class="source" key={each.id} data-testid="reply">
            <div class="who"><b>/{each.shortcut}</b><span class="faint">{each.text}</span></div>
            <button type="button" class="quiet" aria-label={`${t("delete")} /${each.shortcut}`} onClick={() => void remove(each.id)}>{t("delete")}</button>
          </li>
        ))}
      </ul>
      <form class="stack" onSubmit={submit}>
        <label>{t("replies.shortcut")}<input name="shortcut" required pattern="/?[A-Za-z0-9_\-]{1,40}" maxLength={41} data-testid="reply-shortcut" /></label>
        <label>{t("replies.text")}<textarea name="text" required rows={3} maxLength={4000} data-testid="reply-text" /></label>
        <button type="submit" class="primary" data-testid="save-reply">{t("save")}</button>
      </form>
    </section>
  );
}

interface Section {
  name: string;
  word: Word;
  /** Who may not do this does not see the section. */
  verb?: Verb;
  Part: ComponentType;
}

const SECTIONS: readonly Section[] = [
  { name: "mine", word: "settings.mine", Part: Mine },
  { name: "account", word: "account", Part: Account },
  { name: "people", word: "people", verb: "administer", Part: People },
  { name: "roles", word: "roles", verb: "administer", Part: Roles },
  { name: "providers", word: "providers", verb: "administer", Part: Providers },
  { name: "applications", word: "applications", verb: "administer", Part: Applications },
  { name: "replies", word: "replies", verb: "operate", Part: Replies },
  { name: "desk", word: "desk", verb: "operate", Part: DeskSettings },
  { name: "inboxes", word: "inbox", verb: "administer", Part: Inboxes },
  { name: "imports", word: "import", verb: "administer", Part: Imports },
];

/** One's own habits, and what visitors see before they write. */
export function Settings() {
  const parts = SECTIONS.filter(({ verb }) => !verb || may(verb));
  const show = (name: string) => document.querySelector(`[data-section="${name}"]`)?.scrollIntoView({ block: "start" });
  return (
    <div class="screen one">
      <div class="column sections">
        <h1>{t("settings" as Word)}</h1>
        <nav class="jump" aria-label={t("settings.sections")}>
          {parts.map(({ name, word }) => <button type="button" key={name} data-testid={`jump-${name}`} onClick={() => show(name)}>{t(word)}</button>)}
        </nav>
        {parts.map(({ name, Part }) => <div key={name} class="section" data-section={name}><Part /></div>)}
      </div>
    </div>
  );
}
