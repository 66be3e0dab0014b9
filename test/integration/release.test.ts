/** The single-file release works by itself, wherever it lies, and installs and uninstalls itself. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { REPO, TestEngine } from "../harness/engine.ts";
import { output, run } from "../harness/process.ts";

let dir: string;
let release: string;
beforeAll(async () => {
  dir = mkdtempSync("/var/tmp/tare-release-");
  release = join(dir, "alone", "tare");
  mkdirSync(join(dir, "alone"));
  await output([process.execPath, "scripts/build.ts"], { cwd: REPO, timeoutMs: 120_000 });
  copyFileSync(join(REPO, "dist/tare"), release);
}, 150_000);
afterAll(() => rmSync(dir, { recursive: true }));

test("the release runs containers from an empty directory, with the docker client and by itself", async () => {
  await using engine = await TestEngine.start({ program: [release] });
  expect(await engine.tareOutput("run", "--rm", "busybox", "echo", "by itself")).toBe("by itself");
  expect(await engine.dockerOutput("run", "--rm", "--init", "busybox", "sh", "-c", "cat /proc/1/comm")).toBe(
    "docker-init",
  );
  expect(readdirSync(join(dir, "alone"))).toEqual(["tare"]);
});

test("the release loads images, whose archives a worker thread reads", async () => {
  await using engine = await TestEngine.start({ program: [release] });
  const tar = Bun.spawn(["tar", "-c", "-C", "/bin", "busybox"], { stdout: "pipe" });
  const id = await engine.tareWith({ stdin: await tar.stdout.bytes() }, "import", "-", "made:here");
  expect(id.stderr).toBe("");
  expect(await engine.dockerOutput("run", "--rm", "made:here", "/busybox", "echo", "loaded")).toBe("loaded");
});

test("the release copies files in and out, in threads of its own", async () => {
  await using engine = await TestEngine.start({ program: [release] });
  await engine.tareOutput("run", "-d", "--name", "cc", "busybox", "sleep", "1000");
  await engine.tareOutput("cp", import.meta.path, "cc:/copied");
  await engine.tareOutput("cp", "cc:/copied", join(dir, "back"));
  expect(await Bun.file(join(dir, "back")).text()).toBe(await Bun.file(import.meta.path).text());
  expect(await engine.tareOutput("diff", "cc")).toContain("A /copied");
});

/** Runs a script with an /etc and a /run of its own, so that groups and sockets of this machine stay as they are. */
function inPrivateEtc(script: string): Promise<string> {
  const mounts = `mkdir -p ${dir}/upper ${dir}/work
    mount -t overlay -o lowerdir=/etc,upperdir=${dir}/upper,workdir=${dir}/work overlay /etc && mount -t tmpfs tmpfs /run`;
  return output(["unshare", "-m", "sh", "-ec", `${mounts}\n${script}`], {
    env: { PATH: process.env.PATH ?? "", TARE_ROOT: join(dir, "root"), TARE_RUN: join(dir, "run") },
  });
}

test("install and uninstall on a machine leave nothing behind", async () => {
  const prefix = join(dir, "prefix");
  const printed = await inPrivateEtc(`
    ${release} install --prefix ${prefix} --completions
    grep ^tare: /etc/group | cut -d : -f 1
    ${prefix}/bin/tare run --rm busybox echo "from the installed program"
    ${prefix}/bin/tare run -d busybox sleep 1000 >/dev/null
    ${prefix}/bin/tare uninstall --prefix ${prefix} --purge
    grep -c ^tare: /etc/group || echo "no group"`);
  expect(printed).toContain("\ntare\n");
  expect(printed).toContain("from the installed program");
  expect(printed).toEndWith("0\nno group");
  expect(existsSync(join(dir, "root"))).toBe(false);
  expect(existsSync(join(dir, "run"))).toBe(false);
  expect(existsSync(join(prefix, "bin/tare"))).toBe(false);
  expect((await run(["pgrep", "-f", dir])).stdout).toBe("");
});
