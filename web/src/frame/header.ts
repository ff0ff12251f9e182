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
  readonly #menuButton = h("button", { class: "icon dots3", popovertarget: "menu", "data-testid": "menu" }, icon(DOTS));
  readonly #person = h("button");
  readonly #transcript = h("button", { "data-testid": "transcript" });
  readonly #tab = h("a", { target: "_blank", rel: "noopener", href: location.href });
  // The browser opens and closes it, by pointer and by key, and gives the focus back.
  readonly #menu = h("div", { class: "menu", id: "menu", popover: "auto" }, this.#person, this.#transcript, this.#tab);
  readonly #closeButton = h("button", { class: "icon" }, icon(CLOSE));

  constructor(embedded: boolean, actions: { handOff(): void; transcript(): void; close(): void }) {
    this.element = h("header", { class: "top" }, this.#avatar, h("div", { class: "who" }, this.#name, this.#state), this.#menuButton, this.#menu, embedded && this.#closeButton);
    this.#tab.hidden = !embedded;
    this.#menu.addEventListener("click", () => this.#menu.hidePopover());
    this.#person.addEventListener("click", actions.handOff);
    this.#transcript.addEventListener("click", actions.transcript);
    this.#closeButton.addEventListener("click", actions.close);
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
    this.#menuButton.hidden = this.#person.hidden && !begun && this.#tab.hidden;
    this.#menuButton.ariaLabel = t("menu");
    this.#closeButton.ariaLabel = t("close");
  }
}
