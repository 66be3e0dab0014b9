/**
 * The entry: reads argv, the environment and the default paths, and becomes a command line or the engine. The command line is small and
 * loaded at once, which is faster than loading it lazily; the engine only when it is wanted.
 */
import { VERSION } from "./base/version.ts";
import { bunIo } from "./cli/bun-io.ts";
import { runCli } from "./cli/main.ts";

const DEFAULT_ROOT = "/var/lib/tare";
const DEFAULT_RUN = "/run/tare";

/** The arguments that run this program again: the compiled binary holds its source in a virtual directory. */
function selfCommand(): readonly string[] {
  const script = import.meta.path;
  return script.startsWith("/$bunfs/") ? [process.execPath] : [process.execPath, script];
}

async function main(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  if (argv[0] === "engine") {
    const { runEngine } = await import("./daemon/main.ts");
    return runEngine(argv.slice(1), env);
  }
  const settings = {
    host: env["TARE_HOST"] || undefined,
    root: env["TARE_ROOT"] || DEFAULT_ROOT,
    run: env["TARE_RUN"] || DEFAULT_RUN,
    engineCommand: [...selfCommand(), "engine"],
    configDir: env["DOCKER_CONFIG"] || `${env["HOME"] ?? ""}/.docker`,
    variables: env,
    cwd: process.cwd(),
    version: VERSION,
  };
  return runCli(argv, settings, bunIo());
}

process.exit(await main(Bun.argv.slice(2), process.env));
