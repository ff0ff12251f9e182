import type en from "../i18n/widget.en.json";
import { fill, langOf, tagOf, type Lang } from "../i18n";

export type Word = keyof typeof en;

let current: Lang = "en";
let words: Partial<Record<Word, string>> = {};

export function lang(): Lang {
  return current;
}

/** Fetches the catalogue of this language alone; nothing else is said until it is here. */
export async function speak(tag: string): Promise<void> {
  const wanted = langOf(tag);
  const loaded = await (wanted === "zh" ? import("../i18n/widget.zh.json") : import("../i18n/widget.en.json"));
  words = loaded.default;
  current = wanted;
  document.documentElement.lang = tagOf(current);
}

export function t(word: Word, values?: Record<string, string | number>): string {
  return fill(words[word] ?? "", values);
}

/** The visitor's words for a notice; the server's own text stands in for codes that are newer than this page. */
export function noticeText(code: string, fallback: string, values: Record<string, string>): string {
  return t(`notice.${code}` as Word, values) || fallback;
}
