/** What a container cannot do and see, under crun; needs root. Rows 1-5, 24, 30 and 32 of the security cases, as far as the spec decides them. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { tmpfs } from "./test-config.ts";
import { createLab, type Lab, type Wanted } from "./test-lab.ts";

let lab: Lab;
beforeAll(async () => {
  lab = await createLab("confinement");
});
afterAll(() => lab[Symbol.asyncDispose]());

const print = async (script: string, wanted?: Wanted): Promise<string> => (await lab.sh(script, wanted)).output.trim();
const status = async (fields: string, wanted?: Wanted): Promise<string> =>
  print(`grep -E '^(${fields}):' /proc/self/status | while read k v; do echo "$k$v"; done`, wanted);
const CAPS = "CapInh|CapPrm|CapEff|CapBnd|CapAmb";

test.each<[string, Wanted, string]>([
  [
    "Docker's fourteen for root",
    {},
    "CapInh:0000000000000000 CapPrm:00000000a80425fb CapEff:00000000a80425fb CapBnd:00000000a80425fb CapAmb:0000000000000000",
  ],
  [
    "none but the bounding set for others",
    { config: { User: "ann" } },
    "CapInh:0000000000000000 CapPrm:0000000000000000 CapEff:0000000000000000 CapBnd:00000000a80425fb CapAmb:0000000000000000",
  ],
  [
    "only what is added to nothing",
    { hostConfig: { CapDrop: ["ALL"], CapAdd: ["net_admin"] } },
    "CapInh:0000000000000000 CapPrm:0000000000001000 CapEff:0000000000001000 CapBnd:0000000000001000 CapAmb:0000000000000000",
  ],
])("capabilities: %s", async (_sentence, wanted, expected) => {
  expect((await status(CAPS, wanted)).replaceAll("\n", " ")).toBe(expected);
});

test.each<[string, Wanted, string]>([
  ["root has root's groups", {}, "uid=0(root) gid=0(root) groups=0(root),10(wheel)"],
  ["a user has hers", { config: { User: "ann" } }, "uid=1000(ann) gid=1000(ann) groups=1(daemon),10(wheel),1000(ann)"],
  [
    "a number with a group and one added",
    { config: { User: "77:29" }, hostConfig: { GroupAdd: ["10"] } },
    "uid=77 gid=29(audio) groups=10(wheel),29(audio)",
  ],
])("identity: %s", async (_sentence, wanted, expected) => {
  expect(await print("id", wanted)).toBe(expected);
});

test.each([
  ["nosuch", "unable to find user nosuch: no matching entries in passwd file"],
  ["4294967296", "uids and gids must be in range 0-2147483647"],
])("the user %p is refused before anything runs", async (User, message) => {
  await expect(lab.run(["true"], { config: { User } })).rejects.toThrow(message);
});

test("a container is filtered, and can neither mount nor unshare", async () => {
  expect(await status("Seccomp|NoNewPrivs")).toBe("NoNewPrivs:0\nSeccomp:2");
  const script = "mount -t tmpfs x /tmp 2>&1; unshare -U true 2>&1; true";
  const output = await print(script, { hostConfig: { CapAdd: ["SYS_PTRACE"] } });
  expect(output).toContain("mount: permission denied");
  expect(output).toContain("unshare(0x10000000): Operation not permitted");
});

/** Prints the error number, or 0, of a socket of each family of argv, which goes to the kernel in full width. */
const SOCKETS = `
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) printf("%d ", syscall(SYS_socket, strtoul(argv[i], NULL, 10), 2, 0) < 0 ? errno : 0);
  return 0;
}
`;

test("AF_ALG and AF_VSOCK cannot be had, by any spelling of their numbers", async () => {
  await Bun.$`gcc -static -x c -o ${join(lab.rootfs, "bin/sockets")} - < ${new Response(SOCKETS)}`.quiet();
  const families = ["1", "2", "38", "40", String(2n ** 32n + 38n), String(2n ** 32n + 40n)];
  const sockets = async (hostConfig: Wanted["hostConfig"] = {}): Promise<string> =>
    (await lab.run(["/bin/sockets", ...families], { hostConfig })).output.trim();
  expect(await sockets()).toBe("0 0 1 1 1 1");
  expect(await sockets({ Runtime: "runc" })).toBe("0 0 1 1 1 1");
  expect(await sockets({ SecurityOpt: ["seccomp=unconfined"] })).not.toMatch(/(^| )1( |$)/);
});

test("the runtime's program cannot be overwritten from inside", async () => {
  const hash = async (): Promise<string> => Bun.hash(await Bun.file("/usr/bin/crun").bytes()).toString();
  const before = await hash();
  const writer = "while :; do for p in /proc/[0-9]*; do (echo x >$p/exe) 2>/dev/null; done; done";
  await using container = await lab.start(["sh", "-c", writer]);
  for (let round = 0; round < 10; round++) await container.exec(["/proc/self/exe", "--version"]).catch(() => undefined);
  expect(await hash()).toBe(before);
});

test("security options are carried out", async () => {
  expect(
    await status("Seccomp|NoNewPrivs", { hostConfig: { SecurityOpt: ["no-new-privileges", "seccomp=unconfined"] } }),
  ).toBe("NoNewPrivs:1\nSeccomp:0");
  expect(await status("Seccomp", { hostConfig: { Privileged: true } })).toBe("Seccomp:0");
  const profile = JSON.stringify({
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 28 }],
  });
  expect(await print("mkdir /tmp/x 2>&1", { hostConfig: { SecurityOpt: [`seccomp=${profile}`] } })).toContain(
    "No space left on device",
  );
});

test("runc enforces the same filter from the profile itself", async () => {
  const hostConfig = { Runtime: "runc" };
  expect(await status("Seccomp", { hostConfig })).toBe("Seccomp:2");
  expect(await print("unshare -U true 2>&1", { hostConfig })).toContain("Operation not permitted");
});

test("what of /proc and /sys is hidden or read-only stays so", async () => {
  const script =
    "cat /proc/interrupts /proc/keys; ls /sys/firmware; echo 1 >/proc/sys/kernel/pid_max; echo b >/proc/sysrq-trigger; mkdir /sys/fs/cgroup/memory/x";
  const output = await print(`(${script}) 2>&1`);
  expect(output).not.toMatch(/CPU0|keyring/);
  expect(output.match(/Read-only file system/g)?.length).toBeGreaterThanOrEqual(2);
  expect(await print("head -c 3 /proc/interrupts | grep -c . ", { hostConfig: { MaskedPaths: [] } })).toBe("1");
});

test("a container sees its own root cgroup only, and cannot write to it", async () => {
  expect(await print("grep -v ':/$' /proc/self/cgroup; echo $?")).toBe("1");
  const output = await print(
    "for f in $(ls -d /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs 2>/dev/null); do echo 0 >$f; done 2>&1",
  );
  expect(output).toContain("Read-only file system");
});

test("no descriptor but the three is open", async () => {
  // The shell's own descriptors start at 3, so it opens none here.
  expect(
    (
      await print(
        "for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ -e /proc/self/fd/$n ] && echo $n; done; true",
      )
    ).split("\n"),
  ).toEqual(["0", "1", "2"]);
});

test.each(Array.from({ length: 62 }, (_, index) => index + 3))(
  "WORKDIR /proc/self/fd/%i fails, plain and behind links",
  async (fd) => {
    const link = join(lab.rootfs, `fd${fd}`);
    symlinkSync(`/proc/self/fd/${fd}`, link);
    for (const WorkingDir of [`/proc/self/fd/${fd}`, `/fd${fd}`]) {
      await expect(lab.run(["pwd"], { config: { WorkingDir } })).rejects.toThrow(
        "is invalid, it leads into a process's directory in /proc",
      );
    }
    rmSync(link);
  },
);

test("exec refuses such directories too, and a link laid by the container leads nowhere", async () => {
  await using container = await lab.start(
    ["sh", "-c", "ln -s /proc/self/fd/3 /tmp/trap; ln -s /proc/1/cwd /tmp/trap2; echo ready >/tmp/ready; sleep 100"],
    { mounts: [tmpfs("/tmp")] },
  );
  while (!existsSync(`/proc/${container.pid}/root/tmp/ready`)) await Bun.sleep(1);
  for (const workingDir of ["/proc/self/fd/3", "/tmp/trap", "/tmp/trap2"]) {
    await expect(container.exec(["pwd"], { workingDir })).rejects.toThrow("is invalid");
  }
  await expect(container.exec(["pwd"], { workingDir: "rel" })).rejects.toThrow("Cwd must be an absolute path");
});

test("a root whose /dev leads elsewhere is refused, and nothing is made there", async () => {
  const elsewhere = join(lab.dir, "elsewhere");
  mkdirSync(elsewhere);
  rmSync(join(lab.rootfs, "dev"), { recursive: true });
  symlinkSync(elsewhere, join(lab.rootfs, "dev"));
  await expect(lab.run(["true"])).rejects.toThrow("invalid image: /dev is not a directory");
  rmSync(join(lab.rootfs, "dev"));
  mkdirSync(join(lab.rootfs, "dev"));
  expect(Array.from(new Bun.Glob("*").scanSync(elsewhere))).toEqual([]);
});

test("an exec session never holds the host's /dev/null", async () => {
  const owner = (): number[] => [
    statSync("/dev/null").uid,
    statSync("/dev/null").gid,
    statSync("/dev/null").mode & 0o777,
  ];
  await using container = await lab.start(["sleep", "100"], { mounts: [tmpfs("/tmp")] });
  const { output } = await container.exec(
    ["sh", "-c", "stat -L -c %u /proc/self/fd/0; busybox chmod 600 /proc/self/fd/0"],
    { user: "ann" },
  );
  expect(output).toBe("1000\n");
  expect(owner()).toEqual([0, 0, 0o666]);
  await container.exec(["sh", "-c", "busybox rm /dev/null; busybox ln -s /tmp/x /dev/null"]);
  expect(
    (await container.exec(["sh", "-c", "cat; busybox readlink /proc/self/fd/0"], { user: "ann" })).output,
  ).not.toContain("null");
  expect(owner()).toEqual([0, 0, 0o666]);
});
