import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { parse, type Citation, type Span } from "../../core";
import { Icon } from "./icons";
import { explain } from "../state/state";
import { t } from "../state/words";

/** Text of a message. Preact escapes every piece, and links come checked from the parser. */
export function Markup({ text, citations, open }: { text: string; citations?: Citation[] | undefined; open?(citation: Citation): void }) {
  const spans = (list: Span[]) =>
    list.map((span) => {
      switch (span.kind) {
        case "text":
          return span.text;
        case "link":
          return <a href={span.href} target="_blank" rel="noopener noreferrer nofollow">{span.text}</a>;
        case "cite": {
          const citation = citations?.find((each) => each.n === span.n);
          if (!citation) return `${span.lead}[${span.n}]`;
          return <span class="keep">{span.lead}<button type="button" class="cite" data-testid="citation" aria-label={t("source", { n: span.n })} onClick={() => open?.(citation)}>{span.n}</button></span>;
        }
        default: {
          const Tag = span.kind;
          return <Tag>{span.text}</Tag>;
        }
      }
    });
  const blocks = parse(text).map((block) => {
    if (block.kind === "code") return <pre tabIndex={0}>{block.text}</pre>;
    if (block.kind === "list") {
      const items = block.items.map((item) => <li>{spans(item)}</li>);
      return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
    }
    const lines = block.lines.flatMap((line, at) => (at ? [<br />, ...spans(line)] : spans(line)));
    if (block.kind === "quote") return <blockquote>{lines}</blockquote>;
    return <p class={block.kind === "heading" ? "h" : undefined}>{lines}</p>;
  });
  return <>{blocks}</>;
}

export function Empty({ title, hint, children }: { title: string; hint: string; children?: ComponentChildren }) {
  return (
    <div class="empty" data-testid="empty">
      <b>{title}</b>
      <p>{hint}</p>
      {children}
    </div>
  );
}

export function Trouble({ error, retry }: { error: unknown; retry(): void }) {
  return (
    <div class="trouble" role="alert">
      {explain(error)} <button type="button" class="link" onClick={retry}>{t("retry")}</button>
    </div>
  );
}

/** How sure the AI was, against what it takes to speak. */
export function Confidence({ value, threshold }: { value: number; threshold: number }) {
  const percent = (part: number) => `${Math.round(part * 100)}%`;
  const label = t("lane.confidence", { value: percent(value), threshold: percent(threshold) });
  return (
    <div class="confidence" data-testid="confidence">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={label}>
        <rect class="track" width="100" height="6" rx="1.5" />
        <rect class={value >= threshold ? "sure" : "unsure"} width={Math.max(1, value * 100)} height="6" rx="1.5" />
        <rect class="tick" x={threshold * 100 - 0.4} width="0.8" height="6" />
      </svg>
      <small>{label}</small>
    </div>
  );
}

const FIRST = "header ~ * :is(input, select, textarea, button, a[href]):not(:disabled), header ~ :is(button, a[href])";

export function Dialog({ title, close, children, testid }: { title: string; close(): void; children: ComponentChildren; testid: string }) {
  const ref = useRef<HTMLDialogElement>(null);
  // Before it is painted: a key pressed at once is the dialog's already.
  useLayoutEffect(() => {
    const box = ref.current!;
    box.showModal();
    // The first thing that can be done has the focus, and not the cross that undoes it.
    if (!document.activeElement?.matches("[autofocus]")) (box.querySelector<HTMLElement>(FIRST) ?? box).focus();
  }, []);
  return (
    <dialog ref={ref} class="dialog" tabIndex={-1} onClose={close} aria-label={title} data-testid={testid}>
      <header>
        <b>{title}</b>
        <button type="button" class="icon" aria-label={t("close")} onClick={() => ref.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** So long a text is shown in part until somebody wants all of it. */
const CLAMP_CHARS = 700;

/** A text as it was written; of a very long one the beginning, and the rest at a click. */
export function Clamped({ text }: { text: string }) {
  const [whole, setWhole] = useState(false);
  const long = text.length > CLAMP_CHARS || text.split("\n").length > 12;
  return (
    <>
      <p class={`pre said ${long && !whole ? "clamped" : ""}`}>{text}</p>
      {long && <button type="button" class="link faint" aria-expanded={whole} data-testid="whole" onClick={() => setWhole(!whole)}>{t(whole ? "text.less" : "text.whole", { n: text.length })}</button>}
    </>
  );
}

export function Avatar({ name, kind }: { name: string; kind?: string | undefined }) {
  return <span class={`avatar ${kind ?? ""}`} aria-hidden="true">{name.trim().slice(0, 1).toUpperCase() || "·"}</span>;
}
