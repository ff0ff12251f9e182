import { counts, waiting } from "./desk";
import { Icon } from "./icons";
import { go, me, route, setTheme, signOut, staff, theme, type Screen, type Theme } from "./state";
import { lang, speak, t } from "./words";

const THEMES: Theme[] = ["auto", "light", "dark"];
const SCREENS: Screen[] = ["inbox", "groups", "review", "knowledge"];

export function Rail() {
  const badge: Partial<Record<Screen, number>> = { inbox: counts.value.queue ?? 0, review: waiting.value };
  const names = { auto: t("themeAuto"), light: t("themeLight"), dark: t("themeDark") };
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
  return (
    <nav class="rail" aria-label={t("app")}>
      <span class="logo" aria-hidden="true">M</span>
      {SCREENS.filter((screen) => staff() || screen === "groups").map((screen) => (
        <a href={`#/${screen}`} class="tab" aria-current={route.value.screen === screen ? "page" : undefined} data-testid={`nav-${screen}`}
          onClick={(event) => { event.preventDefault(); go(screen); }}>
          <Icon name={screen} />
          <span>{t(screen)}</span>
          {!!badge[screen] && <b class="badge" data-testid={`badge-${screen}`}>{badge[screen]}</b>}
        </a>
      ))}
      <span class="grow" />
      <button type="button" class="tab" aria-label={t("languageLabel")} data-testid="language" onClick={() => speak(lang.value === "zh" ? "en" : "zh")}>
        <b class="glyph" aria-hidden="true">{lang.value === "zh" ? "EN" : "中"}</b>
        <span>{t("language")}</span>
      </button>
      <button type="button" class="tab" aria-label={`${t("theme")}: ${names[theme.value]}`} data-testid="theme" onClick={() => setTheme(next)}>
        <Icon name="theme" />
        <span>{names[theme.value]}</span>
      </button>
      <button type="button" class="tab" title={me().name} data-testid="sign-out" onClick={() => signOut()}>
        <Icon name="out" />
        <span>{t("signOut")}</span>
      </button>
    </nav>
  );
}
