import { actions } from "./actions";
import { help, palette } from "./palette";
import { client } from "../state/state";

/** ⌘K everywhere; single keys outside of fields and dialogs and without modifiers. */
export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (!client.value || event.isComposing) return;
    const target = event.target as HTMLElement;
    if ((event.metaKey || event.ctrlKey) && !event.altKey && event.key.toLowerCase() === "k") {
      if (document.querySelector("dialog[open]:not(.palette)")) return;
      palette.value = !palette.value;
    } else if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog, [contenteditable]")) {
      return;
    } else if (event.key === "?") {
      help.value = true;
    } else {
      const action = actions().find((each) => each.key === event.key);
      if (!action) return;
      action.run();
    }
    event.preventDefault();
  });
}
