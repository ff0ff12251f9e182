export type Lang = "en" | "zh";

/** The nearest catalogue for a BCP 47 tag: Chinese of any region reads 简体中文, everything else English. */
export function langOf(tag: string | null | undefined): Lang {
  return /^zh\b/i.test(tag ?? "") ? "zh" : "en";
}

export function fill(text: string, values?: Record<string, string | number>): string {
  return values ? text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all)) : text;
}

/** What document.documentElement.lang should say. */
export function tagOf(lang: Lang): string {
  return lang === "zh" ? "zh-CN" : "en";
}

/** For dates and times: the browser's own region when it speaks this language, so that a Briton reads 15:01. */
export function localeOf(lang: Lang): string {
  return navigator.languages?.find((tag) => langOf(tag) === lang) ?? tagOf(lang);
}
