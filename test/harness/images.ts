/** Images for tests, made on the spot of what every machine with the engine has: a static busybox. */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { output } from "./process.ts";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** A root file system with busybox, its applets, and the users root, app (1000) and nobody, as a tar archive. */
export async function busyboxRootfs(): Promise<Uint8Array<ArrayBuffer>> {
  const dir = mkdtempSync(join(tmpdir(), "tare-busybox-"));
  try {
    for (const folder of ["bin", "etc", "home", "proc", "dev", "root", "sys", "tmp", "usr/bin", "var"]) {
      mkdirSync(join(dir, folder), { recursive: true });
    }
    chmodSync(dir, 0o755);
    chmodSync(join(dir, "tmp"), 0o1777);
    copyFileSync("/bin/busybox", join(dir, "bin/busybox"));
    for (const applet of (await output(["/bin/busybox", "--list"])).split("\n")) {
      if (applet !== "busybox") symlinkSync("busybox", join(dir, "bin", applet));
    }
    writeFileSync(
      join(dir, "etc/passwd"),
      "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
    );
    writeFileSync(join(dir, "etc/group"), "root:x:0:\napp:x:1000:\nextra:x:2000:app\nnogroup:x:65534:\n");
    const tar = Bun.spawn(["tar", "-C", dir, "--owner=0", "--group=0", "--numeric-owner", "-c", "."], {
      stdout: "pipe",
    });
    return await tar.stdout.bytes();
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Gives an engine, ours or Docker's, a busybox image of this name if it has none. */
export async function ensureBusybox(
  dockerEnv: Readonly<Record<string, string>>,
  name = "busybox:latest",
): Promise<void> {
  const env = { ...dockerEnv };
  const present = await output(["docker", "images", "-q", name], { env });
  if (present !== "") return;
  const change = ["--change", 'CMD ["sh"]', "--change", `ENV PATH=${PATH}`];
  await output(["docker", "import", ...change, "-", name], { env, stdin: await busyboxRootfs() });
}
