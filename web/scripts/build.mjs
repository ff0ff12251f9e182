// Builds every page into myna_web/static. Each page is bundled alone, so the widget never carries code that only the
// dashboard needs; file names are content hashes, so two builds of the same sources give the same bytes.
import { readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const out = resolve(root, "myna_web/static");
const pages = ["start", "demo", "frame", "dashboard", "docs"];

// Vite wraps every lazy import in a helper that preloads styles of the chunk; our chunks have none, and it weighs 0.7 kB.
const plainImports = {
  name: "plain-imports",
  enforce: "pre",
  resolveId: (id) => (id === "\0vite/preload-helper.js" ? id : null),
  load: (id) => (id === "\0vite/preload-helper.js" ? "export const __vitePreload = (load) => load();" : null),
  generateBundle: {
    // The list of those styles is written all the same, and nobody reads it.
    order: "post",
    handler(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.code) chunk.code = chunk.code.replace(/^const __vite__mapDeps=.*;\n/, "");
      }
    },
  },
};

// The chat's words are written as t("send") and shipped as t(5) with a list: names of words are a tenth of its weight.
// Notices keep their names, since the server says which.
const catalogue = JSON.parse(readFileSync(resolve(root, "src/i18n/widget.en.json"), "utf8"));
const numbers = new Map(Object.keys(catalogue).filter((word) => !word.startsWith("notice.")).map((word, at) => [word, at]));
const numberedWords = {
  name: "numbered-words",
  enforce: "pre",
  transform(code, id) {
    if (/\/src\/i18n\/widget\.\w+\.json$/.test(id)) {
      const words = JSON.parse(code);
      const list = [...numbers.keys()].map((word) => words[word]);
      const notices = Object.fromEntries(Object.entries(words).filter(([word]) => !numbers.has(word)));
      return { code: `export default Object.assign(${JSON.stringify(list)},${JSON.stringify(notices)})`, moduleType: "js" };
    }
    if (!/\/src\/frame\/\w+\.ts$/.test(id)) return null;
    return code.replace(/\bt\("([\w.]+)"/g, (all, word) => (numbers.has(word) ? `t(${numbers.get(word)}` : all));
  },
};

// The first ones with light-dark() and AbortSignal.any, of spring 2024; for older ones each colour would be written twice.
const BROWSERS = ["chrome123", "firefox124", "safari17.5"];

const shared = {
  plugins: [plainImports, numberedWords],
  configFile: false,
  json: { namedExports: false },
  logLevel: "error",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
};
const output = { outDir: out, emptyOutDir: false, target: "es2022", cssTarget: BROWSERS, modulePreload: false, assetsInlineLimit: 0 };

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

for (const page of pages) {
  await build({
    ...shared,
    root: resolve(root, "pages"),
    build: {
      ...output,
      rollupOptions: {
        input: resolve(root, "pages", `${page}.html`),
        preserveEntrySignatures: "allow-extension",
        output: {
          entryFileNames: `assets/${page}-[hash].js`,
          chunkFileNames: `assets/${page}.[name]-[hash].js`,
          assetFileNames: `assets/${page}-[hash][extname]`,
        },
      },
    },
  });
}

// Classic scripts under fixed names: sites paste their addresses once and never change them.
for (const [source, name] of [["loader", "widget"], ["chatwoot", "chatwoot"]]) {
  await build({
    ...shared,
    root,
    build: {
      ...output,
      rollupOptions: {
        input: resolve(root, `src/widget/${source}.ts`),
        output: { format: "iife", entryFileNames: `${name}.js` },
      },
    },
  });
}
