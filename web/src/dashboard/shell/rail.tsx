import { counts, waiting } from "../state/desk";
import { OPEN } from "./actions";
import { Icon } from "../parts/icons";
import { palette } from "./palette";
import { go, me, route, SCREENS, signOut, staff, type Screen } from "../state/state";
import { t } from "../state/words";


export function Rail() {
  const badge: Partial<Record<Screen, number>> = { inbox: counts.value.queue ?? 0, review: waiting.value };
  return (
    <nav class="rail" aria-label={t("app")}>
      <span class="logo" aria-hidden="true">M</span>
      {(staff() ? SCREENS : OPEN).map((screen) => (
        <a href={`#/${screen}`} class="tab" aria-current={route.value.screen === screen ? "page" : undefined} data-testid={`nav-${screen}`}
          onClick={(event) => { event.preventDefault(); go(screen); }}>
          <Icon name={screen} />
          <span>{t(screen)}</span>
          {!!badge[screen] && <b class="badge" data-testid={`badge-${screen}`}>{badge[screen]}</b>}
        </a>
      ))}
      <span class="grow" />
      <button type="button" class="tab wide" aria-keyshortcuts="Meta+K Control+K" data-testid="open-palette" onClick={() => (palette.value = true)}>
        <b class="glyph" aria-hidden="true">⌘K</b>
        <span>{t("palette")}</span>
      </button>
      <button type="button" class="tab" title={me().name} data-testid="sign-out" onClick={() => signOut()}>
        <Icon name="out" />
        <span>{t("signOut")}</span>
      </button>
    </nav>
  );
}
