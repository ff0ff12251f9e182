import type { Api } from "../core";
import { h } from "../dom";
import { t } from "./words";

/** Asks how a conversation was: five stars and a remark, which can be sent, changed and sent again. */
export function rateForm(api: Api, conversation: string): HTMLElement {
  const said = h("p", { class: "note", role: "status" });
  const stars = [1, 2, 3, 4, 5].map((n) =>
    h("label", { class: "star" }, h("input", { type: "radio", name: "stars", value: String(n), required: true, "aria-label": `${n} / 5` }), h("span", { "aria-hidden": "true" }, "★")),
  );
  const comment = h("textarea", { name: "comment", rows: "2", maxlength: "1000", placeholder: t("comment"), "aria-label": t("comment") });
  const form = h("form", { class: "rate", "data-testid": "rate" }, h("fieldset", {}, h("legend", {}, t("rate")), ...stars), comment, h("button", { type: "submit", class: "chip" }, t("rateSend")), said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const filled = new FormData(form);
    const body = { stars: Number(filled.get("stars")), comment: filled.get("comment") };
    api.request("PUT", `/v1/conversations/${conversation}/rating`, { body }).then(
      () => said.replaceChildren(t("thanks")),
      () => said.replaceChildren(t("handoffFailed")),
    );
  });
  return form;
}
