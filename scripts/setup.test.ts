import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const REPO = resolve(import.meta.dir, "..");
let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "tare-setup-"));
});
afterAll(() => rmSync(home, { recursive: true }));

function file(path: string, ageSec: number): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), "", { mode: 0o755 });
  const at = Date.now() / 1000 - ageSec;
  utimesSync(join(home, path), at, at);
}

/** Asks one of the questions of ready.sh about the folder `home`. */
function asks(question: string): boolean {
  return Bun.spawnSync(["sh", "-c", `home=$1; . "$2/scripts/ready.sh"; ${question}`, "sh", home, REPO]).exitCode === 0;
}

test("packages of npm are ready when they were installed after the lock file was written", () => {
  expect(asks("modules_ready")).toBe(false);
  file("node_modules/.bin/bun", 50);
  file("package-lock.json", 100);
  file("node_modules/.package-lock.json", 50);
  expect(asks("modules_ready")).toBe(true);
  file("package-lock.json", 10);
  expect(asks("modules_ready")).toBe(false);
});

test("the native programs are ready when each is newer than every source of its own", () => {
  const parts = ["init/init.c", "resolver/main.c", "relay/main.c", "service/loop.c", "console/size.c"];
  for (const source of ["build.sh", "main.c", "log.h", ...parts]) file(`native/${source}`, 100);
  for (const program of ["monitor", "resolver", "relay", "console-size"]) file(`native/build/tare-${program}`, 50);
  expect(asks("native_ready")).toBe(false);
  file("native/build/tare-init", 60);
  expect(asks("native_ready")).toBe(true);
  file("native/log.h", 10);
  expect(asks("native_ready")).toBe(false);
});

test("the launcher works from any directory and through links", () => {
  symlinkSync(join(REPO, "tare"), join(home, "one"));
  symlinkSync("one", join(home, "two"));
  const { exitCode, stdout } = Bun.spawnSync([join(home, "two"), "--version"], { cwd: "/" });
  expect(stdout.toString()).toStartWith("Tare version ");
  expect(exitCode).toBe(0);
  expect(Bun.spawnSync(["sh", "tare", "--version"], { cwd: REPO }).exitCode).toBe(0);
});

test("an install that hangs is ended and tried again, and one that fails is not for ever", () => {
  const script = `cd "$1" && . "$2/scripts/tries.sh"
    tries 3 1 sh -c 'echo once >>tries; [ -e marks ] || { touch marks; exec sleep 100; }' && echo done
    tries 2 1 sh -c 'echo twice >>tries; exit 7'; echo $?`;
  const { stdout, stderr } = Bun.spawnSync(["sh", "-c", script, "sh", home, REPO]);
  expect(stdout.toString()).toBe("done\n7\n");
  expect(stderr.toString()).toBe("tare: sh did not end in 1 s: trying again\ntare: sh failed (7): trying again\n");
  expect(readFileSync(join(home, "tries"), "utf8")).toBe("once\nonce\ntwice\ntwice\n");
});

test("set-up mounts hugetlb where a hybrid's version 2 tree owns it, and says so", () => {
  writeFileSync(join(home, "mount"), '#!/bin/sh\necho "mount $*" >>"$0.calls"\n', { mode: 0o755 });
  const script = `mount -t tmpfs none /sys/fs/cgroup && mkdir /sys/fs/cgroup/unified &&
    echo "hugetlb misc" >/sys/fs/cgroup/unified/cgroup.controllers && PATH="$1:$PATH" sh "$2/scripts/setup.sh"; cat "$1/mount.calls"`;
  const { stdout, stderr } = Bun.spawnSync(["unshare", "-m", "sh", "-c", script, "sh", home, REPO]);
  expect(stdout.toString()).toBe("mount -t cgroup -o hugetlb cgroup /sys/fs/cgroup/hugetlb\n");
  expect(stderr.toString()).toContain("mounting it as cgroup v1");
});

test("the version that the program tells is that of the package", async () => {
  const { version } = await Bun.file(join(REPO, "package.json")).json();
  expect(await Bun.file(join(REPO, "src/base/version.ts")).text()).toContain(`VERSION = "${version}"`);
});
