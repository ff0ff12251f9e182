import "./demo.css";
import { h, icon } from "../dom";
import { tagOf, type Lang } from "../i18n";
import { lang, speak, t } from "../site";
import { MOTIFS } from "./motifs";

type Both = Record<Lang, string>;

interface Shop {
  name: Both;
  tagline: Both;
  products: { id: string; name: Both; line: Both; price_gbp: number; price_cny: number; motif: string }[];
}

const HUES = [168, 28, 210, 48, 190, 262, 36, 110];

/** The public command queue, exactly as any site would set it up. */
function myna(...command: unknown[]): void {
  window.myna ??= Object.assign((...later: unknown[]) => void (window.myna!.q ??= []).push(later), { q: [] });
  window.myna(...(command as [string]));
}

function price(product: Shop["products"][number]): string {
  const [amount, currency] = lang() === "zh" ? [product.price_cny, "CNY"] : [product.price_gbp, "GBP"];
  return amount.toLocaleString(tagOf(lang()), { style: "currency", currency, maximumFractionDigits: 0 });
}

function card(product: Shop["products"][number], at: number): HTMLElement {
  const picture = h("div", { class: "picture", "aria-hidden": "true" }, icon(MOTIFS[product.motif] ?? MOTIFS.pack!, 48));
  picture.style.setProperty("--hue", String(HUES[at % HUES.length]));
  const ask = () => myna("open");
  return h("li", { class: "product", "data-testid": "product" }, picture,
    h("h3", {}, product.name[lang()]),
    h("p", {}, product.line[lang()]),
    h("div", { class: "buy" }, h("b", {}, price(product)), h("button", { type: "button", class: "link", onclick: ask }, t("shop.askAbout"))),
  );
}

function promise(n: 1 | 2 | 3): HTMLElement {
  return h("li", {}, h("b", {}, t(`shop.promise${n}`)), h("span", {}, t(`shop.promise${n}Text`)));
}

function paint(shop: Shop): void {
  const other: Lang = lang() === "zh" ? "en" : "zh";
  const change = () => {
    speak(other);
    myna("set", { locale: tagOf(other) });
    paint(shop);
  };
  document.title = shop.name[lang()];
  document.getElementById("app")!.replaceChildren(
    h("aside", { class: "note" }, t("shop.demo")),
    h("header", {}, h("a", { class: "brand", href: "/demo" }, shop.name[lang()]), h("button", { type: "button", lang: tagOf(other), "data-testid": "language", onclick: change }, t("language"))),
    h("main", {}, h("section", { class: "hero" }, h("h1", {}, shop.tagline[lang()]), h("button", { type: "button", class: "ask", "data-testid": "ask", onclick: () => myna("open") }, t("shop.ask"))),
      h("h2", {}, t("shop.range")), h("ul", { class: "range" }, ...shop.products.map(card)),
      h("ul", { class: "promises" }, promise(1), promise(2), promise(3))),
  );
}

async function open(): Promise<void> {
  myna("set", { locale: tagOf(lang()) });
  try {
    const response = await fetch("/demo/shop.json");
    if (!response.ok) throw new Error(response.statusText);
    paint((await response.json()) as Shop);
  } catch {
    document.getElementById("app")!.replaceChildren(h("p", { class: "failed", role: "alert" }, t("shop.failed")));
  }
}

void open();
