import en from "./i18n/site.en.json";
import zh from "./i18n/site.zh.json";
import { textStore } from "./core";
import { fill, langOf, tagOf, type Lang } from "./i18n";

export type Word = keyof typeof en;

const kept = textStore();
let current: Lang = langOf(kept.getItem("myna.lang") ?? navigator.language);
document.documentElement.lang = tagOf(current);

export function lang(): Lang {
  return current;
}

/** Changes the language of this page, and of the dashboard, which reads the same key. */
export function speak(wanted: Lang): void {
  current = wanted;
  kept.setItem("myna.lang", wanted);
  document.documentElement.lang = tagOf(wanted);
}

export function t(word: Word, values?: Record<string, string | number>): string {
  return fill((current === "zh" ? zh : en)[word], values);
}
