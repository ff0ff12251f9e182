import type { Api } from "../core";
import { formOf } from "./forms";
import { t } from "./words";

/** Asks how a conversation was: five stars and a remark. */
export function rateForm(api: Api, conversation: string): HTMLElement {
  const fields = [{ name: "stars", label: t("rate"), kind: "stars" as const, required: true }, { name: "comment", label: t("comment"), kind: "text" as const, multiline: true, max_length: 1000 }];
  const form = formOf("", t("send"), fields, (body) => api.request("PUT", `/v1/conversations/${conversation}/rating`, { body }));
  form.dataset.testid = "rate";
  return form;
}
