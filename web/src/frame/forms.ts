import { ApiError, type FormField as ServerField } from "../core";
import { h } from "../dom";
import { t } from "./words";

/** Fields of servers' forms, and one of our own. */
type FormField = Omit<ServerField, "kind"> & { kind: ServerField["kind"] | "stars" };
type Values = Record<string, string | number | boolean>;

function control(field: FormField): HTMLElement {
  const { kind, max_length, options } = field;
  const shared = { name: field.name, required: !!field.required && kind !== "bool", placeholder: field.placeholder ?? undefined, maxlength: max_length ? String(max_length) : undefined };
  if (kind === "choice") return h("select", shared, h("option", { value: "" }, "–"), ...(options ?? []).map((each) => h("option", {}, each)));
  if (kind === "stars") return h("span", {}, ...[1, 2, 3, 4, 5].map((n) => h("label", { class: "star" }, h("input", { ...shared, type: "radio", value: String(n), "aria-label": `${n} / 5` }), "★")));
  if (field.multiline) return h("textarea", { ...shared, rows: "3" });
  const type = kind === "bool" ? "checkbox" : kind;
  return h("input", { ...shared, type, step: "any" });
}

function read(form: HTMLFormElement, fields: FormField[]): Values {
  const written = new FormData(form);
  const values: Values = {};
  for (const { name, kind } of fields) {
    const said = String(written.get(name) ?? "");
    if (kind === "bool") values[name] = said !== "";
    else if (said) values[name] = kind === "number" || kind === "stars" ? Number(said) : said;
  }
  return values;
}

/** A form from a schema. What the server finds wrong is said beside its field; when it was taken, a thank-you remains. */
export function formOf(title: string, submit: string, fields: FormField[], send: (values: Values) => Promise<unknown>): HTMLElement {
  const said = h("p", { class: "note", role: "status" });
  const button = h("button", { type: "submit", class: "chip" }, submit);
  const rows = fields.map((each) => h(each.kind === "stars" ? "fieldset" : "label", {}, each.kind === "stars" ? h("legend", {}, each.label) : each.label, control(each)));
  const form = h("form", { class: "card", "data-testid": "form" }, title && h("b", {}, title), ...rows, button, said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    send(read(form, fields)).then(
      () => form.replaceChildren(h("p", { class: "note" }, t("thanks"))),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error;
        button.disabled = false;
        said.classList.add("warn");
        said.textContent = error.problem.fields?.map((each) => `${fields.find(({ name }) => name === each.name)?.label ?? ""} ${each.message}`).join(" ") || t("handoffFailed");
      },
    );
  });
  return form;
}
