import { parse, type Citation, type Span } from "./core";

type Props = Record<string, string | boolean | EventListener | undefined>;
type Child = Node | string | null | undefined | false;

/** Of a link that leaves the chat: the page behind it learns nothing of this one. */
export const OUTSIDE = { target: "_blank", rel: "noopener noreferrer" };

/** An element whose children are nodes or plain text; there is no way to pass markup. `onclick`-like keys listen. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  // Nothing here submits by accident.
  if (tag === "button") element.setAttribute("type", "button");
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value || value === "") element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}

/** A line icon drawn from path data on a square grid. */
export function icon(path: string, grid = 24): SVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${grid} ${grid}`);
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/** Text of a message as nodes. `cite` gives the button for a mark, or null when the answer has no such citation. */
export function markup(text: string, cite: (n: number) => Node | null): Node[] {
  const spans = (list: Span[]): Child[] =>
    list.map((span) => {
      switch (span.kind) {
        case "text":
          return span.text;
        case "strong":
        case "em":
        case "code":
          return h(span.kind, {}, span.text);
        case "link":
          return h("a", { href: span.href, ...OUTSIDE }, span.text);
        case "cite":
          return h("span", { class: "keep" }, span.lead, cite(span.n) ?? `[${span.n}]`);
      }
    });
  return parse(text).map((block) => {
    switch (block.kind) {
      case "code":
        return h("pre", { tabindex: "0" }, block.text);
      case "list":
        return h(
          block.ordered ? "ol" : "ul",
          block.ordered && block.start !== 1 ? { start: String(block.start) } : {},
          ...block.items.map((item) => h("li", {}, ...spans(item))),
        );
      default: {
        const lines = block.lines.flatMap((line, at) => (at ? [h("br"), ...spans(line)] : spans(line)));
        return h(block.kind === "quote" ? "blockquote" : "p", block.kind === "heading" ? { class: "h" } : {}, ...lines);
      }
    }
  });
}

export function citationOf(citations: Citation[] | undefined, n: number): Citation | undefined {
  return citations?.find((citation) => citation.n === n);
}
