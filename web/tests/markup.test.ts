import { describe, expect, test } from "vitest";
import { inline, parse, safeHref, type Block, type Span } from "../src/core";
import { dice } from "./people";

function spansOf(blocks: Block[]): Span[] {
  return blocks.flatMap((block) => (block.kind === "code" ? [{ kind: "code" as const, text: block.text }] : block.kind === "list" ? block.items.flat() : block.lines.flat()));
}

function visible(blocks: Block[]): string {
  return spansOf(blocks).map((span) => (span.kind === "cite" ? `${span.lead}[${span.n}]` : span.text)).join("");
}

describe("what is understood", () => {
  test("paragraphs, lists and headings", () => {
    expect(parse("# Title\nOne\ntwo\n\n- a\n- b\n\n3. c\n4. d").map((block) => block.kind)).toEqual(["heading", "paragraph", "list", "list"]);
    expect(parse("3. c\n4. d")).toMatchObject([{ ordered: true, start: 3 }]);
  });

  test("bold, code and citation marks within a line", () => {
    expect(inline("**Free** over `50` [1][2].").map((span) => span.kind)).toEqual(["strong", "text", "code", "text", "cite", "cite", "text"]);
  });

  test("a mark stays with the word before it, or with one character where words have no spaces", () => {
    expect(inline("within 45 days. [1]")).toEqual([{ kind: "text", text: "within 45 " }, { kind: "cite", n: 1, lead: "days. " }]);
    expect(inline("不能托运[2]")).toEqual([{ kind: "text", text: "不能托" }, { kind: "cite", n: 2, lead: "运" }]);
  });

  test("addresses become links without the full stop after them", () => {
    expect(inline("See https://shop.example/a.")).toEqual([
      { kind: "text", text: "See " }, { kind: "link", text: "https://shop.example/a", href: "https://shop.example/a" }, { kind: "text", text: "." },
    ]);
  });

  test("Chinese punctuation ends an address", () => {
    expect(inline("见https://shop.example/a。谢谢")[1]).toMatchObject({ href: "https://shop.example/a" });
  });
});

describe("what is never let through", () => {
  test.each(["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "blob:https://a/b", "file:///etc/passwd", "//a.example", "\u0001javascript:x"])("%s is no link", (address) => {
    expect(safeHref(address)).toBeNull();
    expect(spansOf(parse(`[x](${address})`)).some((span) => span.kind === "link" && !/^(https?|mailto):/.test(span.href))).toBe(false);
  });

  test("tags stay visible text", () => {
    expect(visible(parse("<img src=x onerror=alert(1)>"))).toBe("<img src=x onerror=alert(1)>");
  });

  test("whatever comes in, links are safe, marks are numbers, and no word is lost", () => {
    const pieces = ["**", "*", "`", "```\n", "[", "](", ")", "[1]", "javascript:x", "https://a.example/", "mailto:a@b.example", "<b>", "&lt;", "\n", "- ", "1. ", "> ", "# ", " ", "word", "字", "👍", "\u202e", "\0"];
    for (let seed = 0; seed < 3000; seed++) {
      const random = dice(seed);
      const text = Array.from({ length: 1 + Math.floor(random() * 30) }, () => pieces[Math.floor(random() * pieces.length)]).join("");
      const blocks = parse(text);
      for (const span of spansOf(blocks)) {
        if (span.kind === "link") expect(["http:", "https:", "mailto:"]).toContain(new URL(span.href).protocol);
        if (span.kind === "cite") expect(Number.isInteger(span.n)).toBe(true);
      }
      const words = (from: string) => (from.match(/word|字|👍/gu) ?? []).length;
      const fenced = text.includes("```");
      if (!fenced) expect(words(visible(blocks)), JSON.stringify(text)).toBe(words(text));
    }
  });
});
