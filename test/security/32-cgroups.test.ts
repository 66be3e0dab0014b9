/**
 * SECURITY row 32, escapes by cgroups (CVE-2022-0492, CVE-2023-25809): the release agent of version 1 is a program that the kernel runs as the
 * host's root, and a writable cgroup.procs moves processes out of their limits.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, readlinkSync } from "node:fs";
import { TestEngine } from "../harness/engine.ts";
import { execute } from "./client.ts";
import { makeImage } from "./hostile-image.ts";

/** Attacks every cgroup tree there is; says nothing but what worked, and at last how many trees there were. */
const ATTACK = `
trees=0
for dir in $(awk '$3 ~ /^cgroup2?$/ {print $2}' /proc/self/mounts); do
  trees=$((trees + 1))
  for file in release_agent cgroup.procs tasks notify_on_release devices.allow cgroup.subtree_control memory.limit_in_bytes memory.max; do
    if [ -e $dir/$file ]; then
      for text in 1 $$ '/evil' '+memory' 'a *:* rwm'; do
        echo "$text" >$dir/$file && echo "wrote $text to $dir/$file"
      done
    fi
  done
  mkdir $dir/evil && echo "made $dir/evil"
  mount -o remount,rw,bind $dir && echo "remounted $dir"
done 2>/dev/null
mkdir -p /tmp/cg
for type in cgroup cgroup2; do
  mount -t $type -o rdma none /tmp/cg && echo "mounted $type"
  mount -t $type none /tmp/cg && echo "mounted $type"
done 2>/dev/null
unshare -UrmC sh -c 'mount -t cgroup -o rdma none /tmp/cg && echo "mounted in a user namespace"' 2>/dev/null
echo "$((trees > 0)) trees"
`;

let engine: TestEngine;
let running: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  await makeImage(engine, { name: "climber", scripts: { "/attack": `#!/bin/sh${ATTACK}` } });
  running = await engine.dockerOutput("run", "-d", "-m", "64m", "climber", "sleep", "1000");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

test.each([
  { flags: "" },
  { flags: "--cgroupns=private" },
  { flags: "--cgroupns=host" },
  { flags: "--user 1000" },
  { flags: "--cap-add DAC_OVERRIDE" },
  { flags: "--runtime runc" },
])("a container run with '$flags' writes to no cgroup and mounts none", async ({ flags }) => {
  const given = flags.split(" ").filter(Boolean);
  expect(await engine.dockerOutput("run", "--rm", ...given, "climber", "/attack")).toBe("1 trees");
});

test("nor does a session", async () => {
  expect((await execute(engine, running, ["/attack"])).output).toBe("1 trees\n");
  expect((await execute(engine, running, ["/attack"], { Privileged: true })).output).toBe("1 trees\n");
});

test("the refusals are the kernel's", async () => {
  const tree = "dir=$(awk '$3 ~ /^cgroup2?$/ {print $2; exit}' /proc/self/mounts)";
  const { output } = await execute(engine, running, [
    "sh",
    "-c",
    `${tree}; echo $$ >$dir/cgroup.procs; mount -t cgroup x /tmp`,
  ]);
  expect(output).toContain("cgroup.procs: Read-only file system");
  expect(output).toContain("mount: permission denied");
});

test("the cgroup namespace is private, for a session as for the container", async () => {
  const look = ["sh", "-c", "readlink /proc/self/ns/cgroup; cut -d: -f3 /proc/self/cgroup | sort -u"];
  const { output } = await execute(engine, running, look);
  const [namespace, ...paths] = output.trim().split("\n");
  const pid = await engine.dockerOutput("inspect", "-f", "{{.State.Pid}}", running);
  expect(namespace).toBe(readlinkSync(`/proc/${pid}/ns/cgroup`));
  expect(namespace).not.toBe(readlinkSync("/proc/self/ns/cgroup"));
  expect(paths).toEqual(["/"]);
  const { output: own } = await execute(engine, running, ["sh", "-c", "cut -d: -f3 /proc/1/cgroup | sort -u"]);
  expect(own).toBe("/\n");
});

test("processes of a session are counted in the container's cgroup", async () => {
  const initPid = await engine.dockerOutput("inspect", "-f", "{{.State.Pid}}", running);
  const { output } = await execute(engine, running, [
    "sh",
    "-c",
    "echo $$; cat /proc/self/cgroup /proc/1/cgroup | sort | uniq -u",
  ]);
  expect(output).toMatch(/^\d+\n$/);
  expect(readFileSync(`/proc/${initPid}/cgroup`, "utf8")).toContain(running);
});
