import { useRef } from "preact/hooks";
import { counts, waiting } from "../state/desk";
import { Icon } from "../parts/icons";
import { palette } from "./palette";
import { screens } from "../state/rights";
import { go, me, route, signOut, type Screen } from "../state/state";
import { t } from "../state/words";

/** So many screens have a place of their own in the bar of a phone; the others are behind its last button. */
const BESIDE = 4;

export function Rail() {
  const others = useRef<HTMLDivElement>(null);
  const badge: Partial<Record<Screen, number>> = { inbox: counts.value.queue ?? 0, review: waiting.value };
  const close = () => others.current?.matches(":popover-open") && others.current.hidePopover();
  const all = screens();
  const tab = (screen: Screen) => (
    <a key={screen} href={`#/${screen}`} class="tab" aria-current={route.value.screen === screen ? "page" : undefined} data-testid={`nav-${screen}`}
      onClick={(event) => { event.preventDefault(); close(); go(screen); }}>
      <Icon name={screen} />
      <span>{t(screen)}</span>
      {!!badge[screen] && <b class="badge" data-testid={`badge-${screen}`}>{badge[screen]}</b>}
    </a>
  );
  const hidden = all.slice(BESIDE);
  return (
    <nav class="rail" aria-label={t("app")}>
      <span class="logo" aria-hidden="true">M</span>
      {all.slice(0, BESIDE).map(tab)}
      <div class="others" ref={others} id="other-screens" popover="auto">
        {hidden.map(tab)}
        <span class="grow" />
        <button type="button" class="tab" aria-keyshortcuts="Meta+K Control+K" data-testid="open-palette" onClick={() => { close(); palette.value = true; }}>
          <b class="glyph" aria-hidden="true">⌘K</b>
          <span>{t("palette")}</span>
        </button>
        <button type="button" class="tab" title={me().name} data-testid="sign-out" onClick={() => signOut()}>
          <Icon name="out" />
          <span>{t("signOut")}</span>
        </button>
      </div>
      <button type="button" class="tab more" popovertarget="other-screens" data-testid="nav-more" data-current={hidden.includes(route.value.screen) || undefined}>
        <Icon name="more" />
        <span>{t("more")}</span>
      </button>
    </nav>
  );
}
