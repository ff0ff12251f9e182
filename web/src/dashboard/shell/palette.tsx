import { signal } from "@preact/signals";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { actions, places, type Action } from "./actions";
import { Dialog } from "../parts/parts";
import { t } from "../state/words";

export const palette = signal(false);
export const help = signal(false);
const SHOWN = 12;

/** Every typed word must be somewhere in the name; names that begin with the text come first. */
export function matching(list: readonly Action[], typed: string): Action[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = list.filter((each) => words.every((word) => `${each.name} ${each.detail ?? ""}`.toLowerCase().includes(word)));
  const first = typed.trim().toLowerCase();
  return hits.sort((a, b) => Number(b.name.toLowerCase().startsWith(first)) - Number(a.name.toLowerCase().startsWith(first)));
}

/** ⌘K: whatever can be done, by typing a part of its name. */
export function Palette() {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => box.current?.showModal(), []);
  const found = matching([...actions(), ...places()], typed).slice(0, SHOWN);
  const chosen = Math.min(at, found.length - 1);
  const run = (action: Action | undefined) => {
    if (!action) return;
    palette.value = false;
    action.run();
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((chosen + step + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") run(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog ref={box} class="dialog palette" aria-label={t("palette")} data-testid="palette" onClose={() => (palette.value = false)}
      onClick={(event) => event.target === box.current && box.current?.close()}>
      <input value={typed} placeholder={t("palettePlaceholder")} aria-label={t("palettePlaceholder")} role="combobox" aria-expanded="true" aria-controls="palette-list"
        aria-activedescendant={found[chosen] && `palette-${found[chosen].id}`} data-testid="palette-input" autofocus
        onInput={(event) => { setTyped(event.currentTarget.value); setAt(0); }} onKeyDown={keyed} />
      <ul id="palette-list" role="listbox" aria-label={t("palette")}>
        {found.map((action, index) => (
          <li id={`palette-${action.id}`} role="option" aria-selected={index === chosen} data-testid="palette-item" onClick={() => run(action)} onPointerMove={() => setAt(index)}>
            <span>{action.name} {action.detail && <small class="faint">{action.detail}</small>}</span>
            {action.key && <kbd>{action.key}</kbd>}
          </li>
        ))}
        {found.length === 0 && <li class="faint" role="option" aria-selected="false" aria-disabled="true">{t("paletteNothing")}</li>}
      </ul>
    </dialog>
  );
}

/** What the keys do here and now. */
export function Keys() {
  const keyed = actions().filter((each) => each.key);
  return (
    <Dialog title={t("keys")} close={() => (help.value = false)} testid="keys">
      <dl class="keys">
        {keyed.map((each) => <><dt><kbd>{each.key}</kbd></dt><dd>{each.name}</dd></>)}
        <dt><kbd>⌘K</kbd> <kbd>Ctrl K</kbd></dt><dd>{t("palette")}</dd>
        <dt><kbd>?</kbd></dt><dd>{t("keys")}</dd>
      </dl>
    </Dialog>
  );
}
