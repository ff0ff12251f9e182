import { signal } from "@preact/signals";
import en from "../../i18n/dashboard.en.json";
import type later from "../../i18n/screens.en.json";
import { fill, langOf, localeOf, tagOf, type Lang } from "../../i18n";
import { textStore } from "../../core";

export type Word = keyof typeof en | keyof typeof later;
type Words = Partial<Record<Word, string>>;

/** What the first screens say; the words of the others come with their code. */
const catalogues: Partial<Record<Lang, Words>> = { en };
let all = false;
const kept = textStore();

export const lang = signal<Lang>(langOf(kept.getItem("myna.lang") ?? navigator.language));

/** Changes the language, when its words are here. Without them (no network) it stays as it is, and English at the start. */
export async function speak(wanted: Lang): Promise<void> {
  try {
    if (wanted === "zh") {
      catalogues.zh ??= (await import("../../i18n/dashboard.zh.json")).default;
      if (all) learn("zh", (await import("../../i18n/screens.zh.json")).default);
    }
  } catch {
    return;
  }
  lang.value = wanted;
  kept.setItem("myna.lang", wanted);
  document.documentElement.lang = tagOf(wanted);
}

/** Adds words to a language. */
export function learn(of: Lang, words: Words): void {
  catalogues[of] = { ...catalogues[of], ...words };
}

/** From now on the words of every screen are here, in whatever language is spoken; throws when they cannot be loaded. */
export async function speakAll(): Promise<void> {
  if (lang.value === "zh") learn("zh", (await import("../../i18n/screens.zh.json")).default);
  all = true;
}

export function t(word: Word, values?: Record<string, string | number>): string {
  return fill(catalogues[lang.value]?.[word] ?? catalogues.en![word] ?? "", values);
}

/** The words for a code from the server, or `fallback` when the code is newer than this page. */
export function coded(family: string, code: string, fallback = code.replaceAll("_", " "), values?: Record<string, string>): string {
  const word = `${family}.${code}`;
  return word in catalogues.en! ? t(word as Word, values) : fallback;
}

export function ago(at: string): string {
  const minutes = Math.round((Date.now() - Date.parse(at)) / 60_000);
  const tag = localeOf(lang.value);
  if (minutes < 1) return lang.value === "zh" ? "刚刚" : "now";
  const short = new Intl.RelativeTimeFormat(tag, { style: "narrow", numeric: "auto" });
  if (minutes < 60) return short.format(-minutes, "minute");
  if (minutes < 24 * 60) return short.format(-Math.round(minutes / 60), "hour");
  return new Date(at).toLocaleDateString(tag, { month: "short", day: "numeric" });
}

/** The time of day, with the day before it when that is not today. */
export function clock(at: string): string {
  const then = new Date(at);
  const now = new Date();
  const time = { hour: "2-digit", minute: "2-digit" } as const;
  if (then.toDateString() === now.toDateString()) return then.toLocaleTimeString(localeOf(lang.value), time);
  const year = then.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return then.toLocaleString(localeOf(lang.value), { year, month: "short", day: "numeric", ...time });
}
