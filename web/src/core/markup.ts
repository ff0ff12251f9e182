/**
 * A small, safe subset of Markdown, as data: paragraphs, lists, headings, quotes, code, bold, italics, links and citation marks.
 *
 * The result holds only text and checked addresses, so whoever renders it cannot let markup through by mistake. Every
 * character of the input that is not recognised markup stays visible text. Time is linear in the input.
 */

export type Span =
  | { kind: "text" | "strong" | "em" | "code"; text: string }
  | { kind: "link"; text: string; href: string }
  | {
      kind: "cite";
      n: number;
      /** The end of the text before the mark, so that the mark never stands alone at the start of a line. */
      lead: string;
    };

export type Block =
  | { kind: "paragraph" | "heading" | "quote"; lines: Span[][] }
  | { kind: "list"; ordered: boolean; start: number; items: Span[][] }
  | { kind: "code"; text: string };

const INLINE =
  /`([^`\n]{1,400})`|\*\*([^*\n]{1,400})\*\*|\*([^*\s][^*\n]{0,400})\*|\[(\d{1,2})\](?!\()|\[([^\]\n]{1,300})\]\(([^\s()<>]{1,1000})\)|(https?:\/\/[^\s<>"'`，。；！？、）】》]{1,1000})/g;

/** The address when it is one that may be opened from a chat, else null. */
export function safeHref(address: string): string | null {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Takes the last word, or the last character of a script without spaces, away from the text so far. */
function leadOf(spans: Span[]): string {
  const last = spans[spans.length - 1];
  if (last?.kind !== "text") return "";
  const lead = /(?:[^\s\u2e80-\u9fff\uff00-\uffef]{1,16}|\S)\s*$/u.exec(last.text)?.[0] ?? "";
  last.text = last.text.slice(0, last.text.length - lead.length);
  if (!last.text) spans.pop();
  return lead;
}

export function inline(text: string): Span[] {
  const spans: Span[] = [];
  const plain = (piece: string) => {
    const last = spans[spans.length - 1];
    if (!piece) return;
    if (last?.kind === "text") last.text += piece;
    else spans.push({ kind: "text", text: piece });
  };
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    const [all, code, strong, em, cite, label, target, bare] = match;
    plain(text.slice(end, match.index));
    end = match.index + all.length;
    const address = bare?.replace(/[.,;:!?)\]]+$/, "") ?? target;
    const href = address && safeHref(address);
    if (code) spans.push({ kind: "code", text: code });
    else if (strong) spans.push({ kind: "strong", text: strong });
    else if (em) spans.push({ kind: "em", text: em });
    else if (cite) spans.push({ kind: "cite", n: Number(cite), lead: leadOf(spans) });
    else if (href) {
      spans.push({ kind: "link", text: label ?? address, href });
      if (bare) plain(bare.slice(address.length));
    } else plain(all);
  }
  plain(text.slice(end));
  return spans;
}

export function parse(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  let open: Block | null = null;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (/^ {0,3}```/.test(line)) {
      const from = at + 1;
      while (at + 1 < lines.length && !/^ {0,3}```/.test(lines[at + 1]!)) at++;
      blocks.push({ kind: "code", text: lines.slice(from, at + 1).join("\n") });
      at++;
      open = null;
      continue;
    }
    if (!line.trim()) {
      open = null;
      continue;
    }
    open = place(blocks, open, line);
  }
  return blocks;
}

function place(blocks: Block[], open: Block | null, line: string): Block | null {
  const item = /^\s{0,8}(?:[-*+•]|(\d{1,4})[.)、])\s+(.+)$/.exec(line);
  if (item) {
    const ordered = !!item[1];
    if (open?.kind !== "list" || open.ordered !== ordered) {
      open = { kind: "list", ordered, start: Number(item[1] ?? 1), items: [] };
      blocks.push(open);
    }
    open.items.push(inline(item[2]!));
    return open;
  }
  const heading = /^#{1,6}\s+(.+)$/.exec(line);
  if (heading) {
    blocks.push({ kind: "heading", lines: [inline(heading[1]!)] });
    return null;
  }
  const quote = /^>\s?(.*)$/.exec(line);
  const kind = quote ? "quote" : "paragraph";
  const spans = inline(quote ? quote[1]! : line);
  if (open && open.kind === kind) {
    open.lines.push(spans);
    return open;
  }
  const block: Block = { kind, lines: [spans] };
  blocks.push(block);
  return block;
}
