// Builds the client SDK as a package of its own: one ES module with its lazy parts, and its types.
//   node scripts/client.mjs [FOLDER]     FOLDER: where to, client/dist without it
import { execFileSync } from "node:child_process";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const out = process.argv[2] ? resolve(process.argv[2]) : resolve(root, "client/dist");

await build({
  root,
  configFile: false,
  logLevel: "error",
  publicDir: false,
  build: { outDir: out, emptyOutDir: true, target: "es2022", minify: false, modulePreload: false, lib: { entry: resolve(root, "src/core/index.ts"), formats: ["es"], fileName: "index" } },
});
const types = ["--declaration", "--emitDeclarationOnly", "--outDir", out, "--rootDir", resolve(root, "src/core")];
execFileSync(resolve(root, "node_modules/.bin/tsc"), ["-p", resolve(root, "tsconfig.client.json"), ...types], { stdio: "inherit" });
