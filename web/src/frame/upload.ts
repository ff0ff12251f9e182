import { upload, type Api } from "../core";
import { h } from "../dom";
import { t } from "./words";

/** Uploads files one after the other, each with its progress and a way to stop it; `sent` gets the id of each. */
export async function uploadAll(api: Api, files: readonly File[], tray: HTMLElement, sent: (id: string) => void): Promise<void> {
  for (const file of files) {
    const stop = new AbortController();
    const bar = h("progress", { max: "1", value: "0", "aria-label": file.name });
    const row = h("div", { class: "upload", "data-testid": "upload" }, h("span", {}, file.name), bar, h("button", { class: "link", onclick: () => { stop.abort(); row.remove(); } }, t("discard")));
    tray.append(row);
    try {
      sent((await upload(api, file, (part) => (bar.value = part), stop.signal)).id);
      row.remove();
    } catch {
      bar.replaceWith(h("span", { class: "warn", role: "alert" }, t("failed")));
    }
  }
}
