import { h, icon } from "../dom";
import { t } from "./words";

const CLIP = "M8 12.5l6.6-6.6a3 3 0 0 1 4.2 4.2l-8.4 8.4a5 5 0 0 1-7-7L11 4";
const PLANE = "M5 12l15-7-5 15-3-6zM12 14l8-9";

/** Where the visitor writes: Enter sends, Shift+Enter makes a line, and Enter of an input method does neither. */
export class Composer {
  readonly element: HTMLFormElement;
  readonly #field = h("textarea", { rows: "1", dir: "auto", "data-testid": "composer", enterkeyhint: "send" });
  readonly #button = h("button", { type: "submit", class: "icon send", "data-testid": "send" }, icon(PLANE));

  readonly #files = h("input", { type: "file", multiple: true, hidden: true, "data-testid": "files" });
  readonly #clip = h("button", { class: "icon", onclick: () => this.#files.click() }, icon(CLIP));

  readonly #send: (text: string) => void;
  readonly #writes: (on: boolean) => void;

  constructor(
    send: (text: string) => void,
    writes: (on: boolean) => void,
    attach: (files: readonly File[]) => void,
  ) {
    this.#send = send;
    this.#writes = writes;
    this.element = h("form", { class: "composer" }, this.#clip, this.#files, this.#field, this.#button);
    const take = (files: FileList | undefined) => {
      if (files?.length) attach(Array.from(files));
    };
    this.#files.addEventListener("change", () => {
      take(this.#files.files!);
      this.#files.value = "";
    });
    this.#field.addEventListener("paste", (event) => take(event.clipboardData?.files));
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("keydown", (event) => {
      // keyCode 229 covers browsers that end the composition before the key event.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("input", () => {
      this.#grow();
      this.#writes(this.#field.value.trim() !== "");
    });
  }

  focus(): void {
    this.#field.focus({ preventScroll: true });
  }

  paint(limit: number | undefined): void {
    this.#field.placeholder = t("placeholder");
    for (const each of [this.element, this.#field]) each.ariaLabel = t("placeholder");
    this.#button.ariaLabel = t("send");
    this.#clip.ariaLabel = t("attach");
    if (limit) this.#field.maxLength = limit;
    this.#button.disabled = !this.#field.value.trim();
  }

  #submit(): void {
    const text = this.#field.value.trim();
    if (!text) return;
    this.#field.value = "";
    this.#grow();
    this.#send(text);
    this.focus();
  }

  #grow(): void {
    this.#button.disabled = !this.#field.value.trim();
    this.#field.style.height = "auto";
    this.#field.style.height = `${Math.min(this.#field.scrollHeight, 140)}px`;
  }
}
