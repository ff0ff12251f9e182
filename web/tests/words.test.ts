import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { expect, test } from "vitest";
import en from "../src/i18n/dashboard.en.json";
import zh from "../src/i18n/dashboard.zh.json";
import later from "../src/i18n/screens.en.json";
import laterZh from "../src/i18n/screens.zh.json";

const MAIN = resolve(__dirname, "../src/dashboard/main.tsx");

/** Every module that is there when the first screen is painted: whatever is imported, and not as a type or later. */
function opening(file: string, found = new Map<string, string>()): Map<string, string> {
  if (found.has(file)) return found;
  const source = readFileSync(file, "utf8");
  found.set(file, source);
  for (const [, type, path] of source.matchAll(/^(?:import|export)( type)?[^"\n]*(?:\{[^}]*\}[^"\n]*)?"(\.[^"]+)";$/gm)) {
    if (type) continue;
    const target = resolve(dirname(file), path!);
    const module = [".ts", ".tsx", "/index.ts"].map((end) => target + end).find((each) => {
      try {
        return readFileSync(each) !== null;
      } catch {
        return false;
      }
    });
    if (module) opening(module, found);
  }
  return found;
}

test("both languages have the same words, and no word is in two catalogues", () => {
  expect(Object.keys(zh)).toEqual(Object.keys(en));
  expect(Object.keys(laterZh)).toEqual(Object.keys(later));
  expect(Object.keys(later).filter((word) => word in en)).toEqual([]);
});

test("what the first screens say does not wait for the words of the others", () => {
  const sources = [...opening(MAIN)].filter(([file]) => file.includes("/dashboard/"));
  expect(sources.length).toBeGreaterThan(40);
  const said = sources.flatMap(([, source]) => [...source.matchAll(/"([\w.]+)"/g)].map(([, word]) => word!));
  const families = sources.flatMap(([, source]) => [...source.matchAll(/(?:`|coded\(")([\w.]+)(?:\.\$\{|")/g)].map(([, family]) => `${family}.`));
  const missing = Object.keys(later).filter((word) => said.includes(word) || families.some((family) => word.startsWith(family)));
  expect(missing).toEqual([]);
});
