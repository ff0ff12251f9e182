import { h } from "../dom";
import { t } from "../site";
import { exampleOf, type Api, type Operation } from "./openapi";

const TOKEN = "myna.docs.token";

export function tokenField(): HTMLElement {
  const field = h("input", { type: "password", autocomplete: "off", placeholder: "eyJ…", "data-testid": "token" });
  field.value = sessionStorage.getItem(TOKEN) ?? "";
  field.addEventListener("input", () => sessionStorage.setItem(TOKEN, field.value));
  return h("label", { class: "token" }, t("docs.token"), field, h("small", {}, t("docs.tokenHint")));
}

async function shown(response: Response): Promise<string> {
  const type = response.headers.get("content-type") ?? "";
  if (type.includes("json")) return JSON.stringify(await response.json(), null, 2);
  if (/^text\//.test(type)) return (await response.text()).slice(0, 20_000);
  return t("docs.binary", { n: (await response.arrayBuffer()).byteLength, type });
}

/** A form that calls the route on this server with the token above. */
export function tryIt(api: Api, operation: Operation): HTMLElement {
  const inputs = (operation.parameters ?? []).map((parameter) => {
    const field = h("input", { name: parameter.name, required: !!parameter.required, placeholder: parameter.name });
    if (parameter.example !== undefined) field.value = String(parameter.example);
    return { parameter, field };
  });
  const json = operation.requestBody?.content?.["application/json"];
  const body = h("textarea", { rows: "6", spellcheck: "false", "aria-label": t("docs.body") });
  if (json) body.value = JSON.stringify(exampleOf(api, json), null, 2);
  const result = h("pre", { class: "result", tabindex: "0", hidden: true, "data-testid": "result" });
  const send = async (event: Event) => {
    event.preventDefault();
    const query = new URLSearchParams();
    const headers = new Headers();
    let path = operation.path;
    for (const { parameter, field } of inputs) {
      if (parameter.in === "path") path = path.replace(`{${parameter.name}}`, encodeURIComponent(field.value));
      else if (parameter.in === "query" && field.value) query.set(parameter.name, field.value);
      else if (parameter.in === "header" && field.value) headers.set(parameter.name, field.value);
    }
    const token = sessionStorage.getItem(TOKEN);
    if (token && !headers.has("authorization")) headers.set("Authorization", `Bearer ${token}`);
    if (json) headers.set("Content-Type", "application/json");
    result.hidden = false;
    result.textContent = "…";
    try {
      const response = await fetch(path + (query.size ? `?${query}` : ""), {
        method: operation.method.toUpperCase(),
        headers,
        body: json ? body.value : null,
        signal: AbortSignal.timeout(30_000),
      });
      result.textContent = `${response.status} ${response.statusText}\n\n${await shown(response)}`;
    } catch (error) {
      result.textContent = String(error);
    }
  };
  const rows = inputs.map(({ parameter, field }) => h("label", {}, `${parameter.name} (${parameter.in})`, field));
  return h("form", { class: "try", onsubmit: (event) => void send(event) }, ...rows, json && body,
    h("button", { type: "submit", class: "primary" }, t("docs.send")), result);
}
