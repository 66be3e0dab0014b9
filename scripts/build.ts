/** Builds dist/tare: command line, engine and monitor in one file that needs nothing beside it. */
import { dirname, join, relative, resolve } from "node:path";
import { type BunPlugin, Glob } from "bun";

const REPO = resolve(import.meta.dir, "..");
const SOURCE = join(REPO, "src");
const OUTPUT = join(REPO, "dist", "tare");

/** How a module names its worker's file: `new Worker(new URL("./x.ts", import.meta.url))`. */
const WORKER = /new Worker\(\s*new URL\("(\.[^"]+)", import\.meta\.url\)/g;

/** Modules that start a worker -> the workers' files. */
async function findWorkers(): Promise<ReadonlyMap<string, readonly string[]>> {
  const workers = new Map<string, readonly string[]>();
  for await (const path of new Glob("**/*.ts").scan({ cwd: SOURCE, absolute: true })) {
    if (path.endsWith(".test.ts")) continue;
    const specifiers = [...(await Bun.file(path).text()).matchAll(WORKER)].map(([, specifier = ""]) => specifier);
    if (specifiers.length > 0)
      workers.set(
        path,
        specifiers.map((specifier) => resolve(dirname(path), specifier)),
      );
  }
  return workers;
}

const workers = await findWorkers();

/** In the bundle all modules have one address, that of the root, so workers must be named from there. */
const workerAddresses: BunPlugin = {
  name: "worker-addresses",
  setup(build) {
    build.onLoad({ filter: /\/src\/.*\.ts$/ }, async ({ path }) => {
      if (!workers.has(path)) return undefined;
      const fromRoot = (whole: string, specifier: string): string =>
        whole.replace(specifier, `./${relative(SOURCE, resolve(dirname(path), specifier))}`);
      return { contents: (await Bun.file(path).text()).replace(WORKER, fromRoot), loader: "ts" };
    });
  },
};

const { success, logs } = await Bun.build({
  entrypoints: [join(SOURCE, "main.ts"), ...[...workers.values()].flat()],
  root: SOURCE,
  target: "bun",
  format: "esm",
  compile: { outfile: OUTPUT, autoloadDotenv: false, autoloadBunfig: false },
  bytecode: true,
  minify: true,
  splitting: true,
  plugins: [workerAddresses],
  throw: false,
});
for (const log of logs) console.error(log);
if (success) console.log(`${relative(process.cwd(), OUTPUT)}: ${(Bun.file(OUTPUT).size / 1e6).toFixed(1)} MB`);
process.exitCode = success ? 0 : 1;
