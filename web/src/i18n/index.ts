export type Lang = "en" | "zh";
/** What the widget speaks: one more script than the pages of the operators. */
export type WidgetLang = Lang | "zh-Hant";

/** The nearest of two catalogues for a BCP 47 tag: Chinese of any region reads 简体中文, everything else English. */
export function langOf(tag: string | null | undefined): Lang {
  return /^zh\b/i.test(tag ?? "") ? "zh" : "en";
}

/** The widget's catalogue for a BCP 47 tag; Taiwan, Hong Kong and Macau write 繁體中文. */
export function widgetLangOf(tag: string | null | undefined): WidgetLang {
  return /^zh-(hant|tw|hk|mo)\b/i.test(tag ?? "") ? "zh-Hant" : langOf(tag);
}

export function fill(text: string, values?: Record<string, string | number>): string {
  return values ? text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all)) : text;
}

/** What document.documentElement.lang should say. */
export function tagOf(lang: WidgetLang): string {
  return lang === "zh" ? "zh-CN" : lang;
}

/** For dates and times: the browser's own region when it speaks this language, so that a Briton reads 15:01. */
export function localeOf(lang: Lang): string {
  return navigator.languages?.find((tag) => langOf(tag) === lang) ?? tagOf(lang);
}
