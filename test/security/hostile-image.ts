/** Images made to attack: a busybox root with whatever a test puts into it, and exploits compiled on the spot. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestEngine } from "../harness/engine.ts";
import { busyboxRootfs } from "../harness/images.ts";
import { output } from "../harness/process.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface HostileImage {
  readonly name: string;
  /** Exploits by the path they get in the image; the value names test/security/exploits/<value>.c. */
  readonly exploits?: Readonly<Record<string, string>>;
  /** Executable files by path. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** Does the rest to the tree. */
  readonly arrange?: (root: string) => void;
  /** Of `docker import --change`. */
  readonly changes?: readonly string[];
}

/** Gives the engine the image. */
export async function makeImage(engine: TestEngine, image: HostileImage): Promise<void> {
  const { name, exploits = {}, scripts = {}, arrange, changes = [] } = image;
  const dir = mkdtempSync(join(tmpdir(), "tare-hostile-"));
  try {
    await output(["tar", "-C", dir, "-x"], { stdin: await busyboxRootfs() });
    chmodSync(dir, 0o755);
    for (const [path, source] of Object.entries(exploits)) await compile(source, join(dir, path));
    for (const [path, text] of Object.entries(scripts)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text, { mode: 0o755 });
    }
    arrange?.(dir);
    const tar = Bun.spawn(["tar", "-C", dir, "--numeric-owner", "-c", "."], { stdout: "pipe" });
    const flags = [`ENV PATH=${PATH}`, ...changes].flatMap((change) => ["--change", change]);
    const env = engine.dockerEnv();
    await output(["docker", "import", ...flags, "-", name], { env, stdin: await tar.stdout.bytes() });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Compiles test/security/exploits/<name>.c to a program that needs no library. */
export async function compile(name: string, path: string): Promise<void> {
  const source = join(import.meta.dir, "exploits", `${name}.c`);
  const freestanding = name === "interpreter" ? ["-nostdlib", "-static-pie", "-fPIE"] : ["-static"];
  mkdirSync(dirname(path), { recursive: true });
  await output(["gcc", "-O2", "-Wall", "-Wextra", "-Werror", ...freestanding, "-o", path, source]);
}

/** Puts a host's program where a test may let it be destroyed. */
export function copyProgram(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}
