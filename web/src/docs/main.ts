import "./docs.css";
import { h } from "../dom";
import { lang, speak, t } from "../site";
import { exampleOf, groups, resolve, typeName, type Api, type Media, type Operation, type Schema } from "./openapi";
import { tokenField, tryIt } from "./try";

function fields(api: Api, schema: Schema | undefined, depth = 0): HTMLElement | null {
  const found = resolve(api, schema);
  const inner = found.items ?? found;
  const list = Object.entries(resolve(api, inner).properties ?? {});
  if (!list.length) return null;
  const required = new Set(resolve(api, inner).required ?? []);
  return h("ul", { class: "fields" }, ...list.map(([name, each]) =>
    h("li", {}, h("code", {}, name), " ", h("i", {}, typeName(each)), required.has(name) && h("b", {}, ` ${t("docs.required")}`),
      resolve(api, each).description && h("p", {}, resolve(api, each).description),
      depth < 4 && fields(api, each, depth + 1)),
  ));
}

function media(api: Api, content: Record<string, Media> | undefined): HTMLElement[] {
  return Object.entries(content ?? {}).map(([type, each]) =>
    h("div", { class: "media" },
      h("p", {}, h("code", {}, type), " ", h("i", {}, typeName(each.schema))),
      h("details", {}, h("summary", {}, t("docs.schema")), fields(api, each.schema) ?? typeName(each.schema)),
      h("details", {}, h("summary", {}, t("docs.example")), h("pre", { tabindex: "0" }, JSON.stringify(exampleOf(api, each), null, 2))),
    ),
  );
}

function parameters(operation: Operation): HTMLElement | null {
  if (!operation.parameters?.length) return null;
  const rows = operation.parameters.map((each) =>
    h("tr", {}, h("td", {}, h("code", {}, each.name)), h("td", {}, each.in), h("td", {}, typeName(each.schema), each.required && h("b", {}, ` ${t("docs.required")}`)), h("td", {}, each.description ?? "")),
  );
  return h("section", {}, h("h4", {}, t("docs.parameters")), h("table", {}, h("tbody", {}, ...rows)));
}

function detail(api: Api, operation: Operation): Node[] {
  const responses = Object.entries(operation.responses ?? {}).map(([status, each]) =>
    h("div", { class: "response" }, h("p", {}, h("b", { class: `s${status[0]}` }, status), ` ${each.description ?? ""}`), ...media(api, each.content)),
  );
  const parts = [
    operation.description && h("p", { class: "description" }, operation.description),
    parameters(operation),
    operation.requestBody && h("section", {}, h("h4", {}, t("docs.body")), ...media(api, operation.requestBody.content)),
    h("section", {}, h("h4", {}, t("docs.responses")), ...responses),
    h("details", {}, h("summary", {}, t("docs.try")), tryIt(api, operation)),
  ];
  return parts.filter((part): part is HTMLElement => !!part);
}

function route(api: Api, operation: Operation): HTMLElement {
  const body = h("div", { class: "detail" });
  const element = h("details", { class: "route", "data-testid": "route", id: `${operation.method}-${operation.path}` },
    h("summary", {}, h("span", { class: `method ${operation.method}` }, operation.method.toUpperCase()), h("code", {}, operation.path), h("span", { class: "summary" }, operation.summary ?? "")),
    body,
  );
  // Built when opened: a page of every schema at once would be slow to lay out.
  element.addEventListener("toggle", () => element.open && !body.firstChild && body.append(...detail(api, operation)));
  return element;
}

function paint(api: Api): void {
  const sections = [...groups(api)].map(([name, operations]) =>
    h("section", { class: "group", id: name }, h("h2", {}, name), ...operations.map((operation) => route(api, operation))),
  );
  const none = h("p", { hidden: true }, t("docs.none"));
  const filter = h("input", { type: "search", placeholder: t("docs.filter"), "aria-label": t("docs.filter"), "data-testid": "filter" });
  filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase();
    for (const section of sections) {
      const routes = [...section.querySelectorAll<HTMLElement>(".route")];
      for (const each of routes) each.hidden = !each.querySelector("summary")!.textContent.toLowerCase().includes(wanted);
      section.hidden = routes.every((each) => each.hidden);
    }
    none.hidden = sections.some((section) => !section.hidden);
  });
  const other = lang() === "zh" ? "en" : "zh";
  const change = () => {
    speak(other);
    paint(api);
  };
  document.title = `${api.info.title} · ${t("docs.title")}`;
  document.getElementById("app")!.replaceChildren(
    h("nav", { "aria-label": t("docs.title") },
      h("a", { href: "/", class: "brand" }, api.info.title), h("span", { class: "version" }, api.info.version),
      filter, tokenField(),
      h("ul", {}, ...sections.map((section) => h("li", {}, h("a", { href: `#${section.id}` }, section.id)))),
      h("button", { type: "button", lang: other, onclick: change }, t("language")), " ", h("a", { href: "/openapi.json" }, t("docs.raw"))),
    h("main", {}, h("h1", {}, t("docs.title")), api.info.description && h("p", { class: "description" }, api.info.description), none, ...sections),
  );
}

async function open(): Promise<void> {
  try {
    const response = await fetch("/openapi.json");
    if (!response.ok) throw new Error(response.statusText);
    paint((await response.json()) as Api);
  } catch {
    document.getElementById("app")!.replaceChildren(h("main", {}, h("p", { class: "failed", role: "alert" }, t("docs.failed"))));
  }
}

void open();
