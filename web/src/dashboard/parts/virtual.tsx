import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Rows beyond the window, so that a fast scroll meets drawn rows. */
const SPARE = 8;

interface Props<T> {
  rows: readonly T[];
  /** Height of every row, in CSS pixels. */
  height: number;
  keyOf(row: T): string;
  children(row: T): ComponentChildren;
  /** Called when the last rows come into sight. */
  more?: (() => void) | undefined;
}

/** The nearest ancestor that scrolls. */
function scrollerOf(element: HTMLElement): HTMLElement {
  let at: HTMLElement | null = element.parentElement;
  while (at && !/auto|scroll/.test(getComputedStyle(at).overflowY)) at = at.parentElement;
  return at ?? document.documentElement;
}

/** A list of which only the rows in sight exist; ten thousand cost as much as twenty. */
export function VirtualList<T>({ rows, height, keyOf, children, more }: Props<T>) {
  const list = useRef<HTMLUListElement>(null);
  const [range, setRange] = useState<[from: number, to: number]>([0, 40]);
  useLayoutEffect(() => {
    const element = list.current!;
    const scroller = scrollerOf(element);
    const look = () => {
      const above = scroller.getBoundingClientRect().top - element.getBoundingClientRect().top;
      const from = Math.max(0, Math.floor(above / height) - SPARE);
      const to = Math.min(rows.length, Math.ceil((above + scroller.clientHeight) / height) + SPARE);
      setRange((old) => (old[0] === from && old[1] === to ? old : [from, to]));
      if (to >= rows.length) more?.();
    };
    look();
    scroller.addEventListener("scroll", look, { passive: true });
    const watch = new ResizeObserver(look);
    watch.observe(scroller);
    return () => {
      scroller.removeEventListener("scroll", look);
      watch.disconnect();
    };
  }, [rows, height, more]);
  const [from, to] = range;
  const space = (count: number) => (count > 0 ? <li class="space" aria-hidden="true" style={{ height: `${count * height}px` }} /> : null);
  return (
    <ul class="items" ref={list}>
      {space(from)}
      {rows.slice(from, to).map((row) => <li key={keyOf(row)} class="fixed" style={{ height: `${height}px` }}>{children(row)}</li>)}
      {space(rows.length - to)}
    </ul>
  );
}
