import "./start.css";
import { h } from "../dom";
import { lang, speak, t, type Word } from "../site";

const LINKS = [
  { href: "/demo", name: "demo" },
  { href: "/dashboard/", name: "dashboard" },
  { href: "/docs", name: "docs" },
] as const;

async function health(): Promise<Word> {
  try {
    const response = await fetch("/health/ready", { signal: AbortSignal.timeout(5000) });
    return response.ok ? "start.ready" : "start.notReady";
  } catch {
    return "start.unreachable";
  }
}

function paint(state: Word | null): void {
  const cards = LINKS.map(({ href, name }) =>
    h("a", { class: "card", href, "data-testid": `link-${name}` }, h("b", {}, t(`start.${name}`)), h("span", {}, t(`start.${name}Text`))),
  );
  const snippet = `<script async src="${location.origin}/widget.js" data-inbox="demo"></script>`;
  const other = lang() === "zh" ? "en" : "zh";
  const change = () => {
    speak(other);
    paint(state);
  };
  document.getElementById("app")!.replaceChildren(
    h("header", {}, h("span", { class: "logo", "aria-hidden": "true" }, "M"), h("button", { type: "button", lang: other, "data-testid": "language", onclick: change }, t("language"))),
    h("main", {},
      h("h1", {}, t("start.title")),
      h("p", { class: "lead" }, t("start.lead")),
      h("p", { class: `state ${state === "start.ready" ? "ok" : ""}`, role: "status", "data-testid": "health" }, state && t(state)),
      h("div", { class: "cards" }, ...cards),
      h("p", { class: "embed" }, t("start.embed")),
      h("pre", { tabindex: "0" }, snippet),
    ),
  );
}

paint(null);
void health().then(paint);
