/** An OCI bundle with busybox, for the runtime alone: what no engine can be faster than. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { busyboxRootfs } from "../../test/harness/images.ts";
import { output } from "../../test/harness/process.ts";

export interface Bundle extends AsyncDisposable {
  readonly dir: string;
  /** A container id that no other bundle has. */
  readonly id: string;
}

/** The process of the bundle is `args`, default `true`; its settings are those of `crun spec`. */
export async function bareBundle(args: readonly string[] = ["true"]): Promise<Bundle> {
  const dir = mkdtempSync(join("/var/tmp", "tare-bundle-"));
  await output(["mkdir", join(dir, "rootfs")]);
  await output(["tar", "-C", join(dir, "rootfs"), "-x"], { stdin: await busyboxRootfs() });
  await output(["crun", "spec"], { cwd: dir });
  const path = join(dir, "config.json");
  const spec = await Bun.file(path).json();
  spec.process.terminal = false;
  spec.process.args = args;
  await Bun.write(path, JSON.stringify(spec));
  const id = `tare-bench-${process.pid}-${dir.slice(-6)}`;
  return { dir, id, [Symbol.asyncDispose]: async () => rmSync(dir, { recursive: true }) };
}
