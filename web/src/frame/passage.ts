import { slicePoints, type Citation, type Passage } from "../core";
import { h, icon, OUTSIDE } from "../dom";
import { t } from "./words";

const BACK = "M15 5l-7 7 7 7";

function quoted(passage: Passage, citation: Citation): [string, string, string] {
  const { text } = passage;
  const { quote, start, end } = citation;
  if (slicePoints(text, start, end) === quote) return [slicePoints(text, 0, start), quote, slicePoints(text, end)];
  // The source changed since the answer: look for the sentence itself before giving up on marking it.
  const at = quote ? text.indexOf(quote) : -1;
  return at < 0 ? [text, "", ""] : [text.slice(0, at), quote, text.slice(at + quote.length)];
}

/** Shows where an answer comes from: the passage with the quoted words marked. */
export async function openPassage(citation: Citation, load: (path: string) => Promise<Passage>): Promise<void> {
  const content = h("div", { class: "passage" }, h("blockquote", {}, citation.quote));
  const close = h("button", { class: "icon", "aria-label": t("back") }, icon(BACK));
  const heading = [citation.title, citation.heading].filter(Boolean).join(" › ");
  const sheet = h(
    "dialog",
    { class: "sheet", "data-testid": "passage", "aria-label": t("passage", { n: citation.n }) },
    h("header", {}, close, h("b", {}, t("passage", { n: citation.n }))),
    h("h2", {}, heading),
    content,
  );
  close.addEventListener("click", () => sheet.close());
  sheet.addEventListener("close", () => sheet.remove());
  document.body.append(sheet);
  sheet.showModal();
  try {
    const passage = await load(`/v1/passages/${citation.chunk}?version=${citation.version}`);
    const [before, quote, after] = quoted(passage, citation);
    const mark = h("mark", {}, quote);
    content.replaceChildren(h("p", {}, before, quote && mark, after));
    if (passage.url && /^https?:/.test(passage.url)) {
      content.append(h("a", { href: passage.url, ...OUTSIDE }, t("openPage")));
    }
    mark.scrollIntoView({ block: "center" });
  } catch {
    content.append(h("p", { class: "warn", role: "alert" }, t("passageFailed")));
  }
}
