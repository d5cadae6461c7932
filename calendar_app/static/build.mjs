/* Bundles src/ into dist/ under content-hashed names and writes dist/manifest.json ("app.js" -> "app-3F2A.js").
   Every file directly in src/js, src/css and src/icons is an entry; what they import lives in subfolders. */
import { build, context } from "esbuild";
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const home = dirname(fileURLToPath(import.meta.url));
const root = join(home, "..", "..");
const dist = join(home, "dist");

function filesIn(folder, ending) {
  const path = join(home, "src", folder);
  return readdirSync(path).filter((name) => name.endsWith(ending)).map((name) => join(path, name));
}

function manifestFrom(outputs) {
  const pairs = Object.entries(outputs)
    .filter(([, output]) => output.entryPoint)
    .flatMap(([path, output]) => namesOf(path, output));
  return Object.fromEntries(pairs.sort());
}

function namesOf(path, { entryPoint, cssBundle }) {
  const file = (output) => relative(dist, join(root, output));
  const source = basename(entryPoint);
  const styles = cssBundle ? [[source.replace(/\.js$/, ".css"), file(cssBundle)]] : [];
  return [[source, file(path)], ...styles];
}

function writeManifest(manifest) {
  const draft = join(dist, "manifest.json.new");
  writeFileSync(draft, JSON.stringify(manifest, null, 2) + "\n");
  renameSync(draft, join(dist, "manifest.json"));
}

function removeStale(outputs) {
  const current = new Set(Object.keys(outputs).map((path) => basename(path)).concat("manifest.json"));
  for (const name of readdirSync(dist)) if (!current.has(name)) rmSync(join(dist, name), { recursive: true, force: true });
}

function finish({ metafile }) {
  if (!metafile) return;
  writeManifest(manifestFrom(metafile.outputs));
  removeStale(metafile.outputs);
}

const manifestPlugin = { name: "manifest", setup: ({ onEnd }) => onEnd(finish) };

const options = {
  absWorkingDir: root,
  entryPoints: [...filesIn("js", ".js"), ...filesIn("css", ".css"), ...filesIn("icons", ".svg")],
  outdir: dist,
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  sourcemap: true,
  target: "es2022",
  loader: { ".svg": "copy" },
  metafile: true,
  logLevel: "info",
  plugins: [manifestPlugin],
};

mkdirSync(dist, { recursive: true });
if (process.argv.includes("--watch")) await (await context(options)).watch();
else await build(options);
