/** Number of Unicode code points: the unit of every offset on the wire. */
export function codePoints(text: string): number {
  return Array.from(text).length;
}

/** `text` from code point `start` up to `end`. */
export function slicePoints(text: string, start: number, end?: number): string {
  return Array.from(text).slice(start, end).join("");
}
