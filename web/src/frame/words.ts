import type en from "../i18n/widget.en.json";
import { fill, tagOf, widgetLangOf, type Lang, type WidgetLang } from "../i18n";

export type Word = keyof typeof en;

let current: WidgetLang = "en";
let words: Partial<Record<Word, string>> = {};

/** The language of contents: greetings and suggestions know no scripts. */
export function lang(): Lang {
  return current === "en" ? "en" : "zh";
}

/** What the server is told about the visitor. */
export function tag(): string {
  return tagOf(current);
}

const catalogues = {
  en: () => import("../i18n/widget.en.json"),
  zh: () => import("../i18n/widget.zh.json"),
  "zh-Hant": () => import("../i18n/widget.hant.json"),
};

/** Fetches the catalogue of this language alone; nothing else is said until it is here. */
export async function speak(wanted: string): Promise<void> {
  const chosen = widgetLangOf(wanted);
  const loaded = await catalogues[chosen]();
  words = loaded.default;
  current = chosen;
  document.documentElement.lang = tag();
}

export function t(word: Word, values?: Record<string, string | number>): string {
  return fill(words[word] ?? "", values);
}

/** The visitor's words for a notice; the server's own text stands in for codes that are newer than this page. */
export function noticeText(code: string, fallback: string, values: Record<string, string>): string {
  return t(`notice.${code}` as Word, values) || fallback;
}
