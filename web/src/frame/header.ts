import { h, icon } from "../dom";
import { t } from "./words";

const CLOSE = "M6 6l12 12M18 6L6 18";
const DOTS = "M12 5v.01M12 12v.01M12 19v.01";

/** Who answers, and the menu with the way to a person. */
export class Header {
  readonly element: HTMLElement;
  readonly #avatar = h("span", { class: "avatar", "aria-hidden": "true" });
  readonly #name = h("h1");
  readonly #state = h("span", { class: "state", "data-testid": "owner" });
  readonly #menuButton = h("button", { type: "button", class: "icon dots3", "aria-haspopup": "true", "aria-expanded": "false", "data-testid": "menu" }, icon(DOTS));
  readonly #person = h("button", { type: "button", role: "menuitem", "data-testid": "talk-to-person" });
  readonly #transcript = h("button", { type: "button", role: "menuitem", "data-testid": "transcript" });
  readonly #tab = h("a", { role: "menuitem", target: "_blank", rel: "noopener" });
  readonly #menu = h("div", { class: "menu", role: "menu", hidden: true }, this.#person, this.#transcript, this.#tab);
  readonly #closeButton = h("button", { type: "button", class: "icon", "data-testid": "close" }, icon(CLOSE));

  constructor(embedded: boolean, actions: { handOff(): void; transcript(): void; close(): void }) {
    const who = h("div", { class: "who" }, this.#name, this.#state);
    this.element = h("header", { class: "top" }, this.#avatar, who, this.#menuButton, this.#menu, embedded && this.#closeButton);
    this.#tab.href = location.href;
    this.#tab.hidden = !embedded;
    this.#menuButton.addEventListener("click", () => this.#toggle(!!this.#menu.hidden));
    this.#person.addEventListener("click", () => {
      this.#toggle(false);
      actions.handOff();
    });
    this.#transcript.addEventListener("click", () => {
      this.#toggle(false);
      actions.transcript();
    });
    this.#tab.addEventListener("click", () => this.#toggle(false));
    this.#closeButton.addEventListener("click", actions.close);
    this.#menu.addEventListener("keydown", (event) => this.#move(event));
    addEventListener("pointerdown", (event) => {
      if (!this.element.contains(event.target as Node)) this.#toggle(false, false);
    });
  }

  paint(inbox: string, state: string, owner: string, operator: string | null, begun: boolean): void {
    this.#name.textContent = inbox;
    this.#state.textContent = state;
    this.#state.dataset.owner = owner;
    this.#avatar.textContent = (operator ?? inbox).slice(0, 1).toUpperCase();
    this.#person.textContent = t("talkToPerson");
    this.#person.hidden = owner !== "agent";
    this.#transcript.textContent = t("transcript");
    this.#transcript.hidden = !begun;
    this.#tab.textContent = t("expand");
    this.#menuButton.hidden = !this.#items().length;
    this.#menuButton.setAttribute("aria-label", t("menu"));
    this.#closeButton.setAttribute("aria-label", t("close"));
  }

  #toggle(open: boolean, refocus = true): void {
    if (this.#menu.hidden === !open) return;
    this.#menu.hidden = !open;
    this.#menuButton.setAttribute("aria-expanded", String(open));
    if (open) this.#items()[0]?.focus();
    else if (refocus) this.#menuButton.focus();
  }

  #items(): HTMLElement[] {
    return [this.#person, this.#transcript, this.#tab].filter((item) => !item.hidden);
  }

  #move(event: KeyboardEvent): void {
    const items = this.#items();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const at = items.indexOf(document.activeElement as HTMLElement);
      items[(at + step + items.length) % items.length]?.focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.#toggle(false);
    }
  }
}
