/**
 * SECURITY row 30, system calls that cross containers (CVE-2026-31431: AF_ALG writes into the page cache that containers share). A default
 * container has none of the calls that Docker's profile denies, by whichever entry of the kernel. What stays open, as with
 * Docker where no LSM helps: the 32-bit socketcall(2), whose arguments lie behind a pointer that no filter sees.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { TestEngine } from "../harness/engine.ts";
import { execute } from "./client.ts";
import { makeImage } from "./hostile-image.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await TestEngine.start();
  await makeImage(engine, { name: "caller", exploits: { "/syscalls": "syscalls" } });
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

const ENTRIES = ["socket %", "socket % with high bits", "i386 socket %"];
const sockets = (family: string, entries = ENTRIES): string[] => entries.map((name) => name.replace("%", family));
const DENIED_SOCKETS = ["alg", "vsock"].flatMap((family) => sockets(family, [...ENTRIES, "x32 socket %"]));
const ALLOWED_SOCKETS = ["inet", "unix", "netlink", "packet"].flatMap((family) => sockets(family));
const DENIED_CALLS =
  `io_uring_setup io_uring_enter io_uring_register bpf keyctl add_key request_key userfaultfd perf_event_open mount fsopen
  open_tree move_mount setns open_by_handle_at init_module finit_module kexec_load reboot swapon syslog settimeofday acct iopl lookup_dcookie`
    .split(/\s+/)
    .concat("unshare user", "unshare mount", "personality unknown", "userns by clone", "x32 reboot", "i386 reboot");

const EXPECTED: Readonly<Record<string, string>> = Object.fromEntries([
  ...[...DENIED_SOCKETS, ...DENIED_CALLS].map((name) => [name, "EPERM"]),
  ...ALLOWED_SOCKETS.map((name) => [name, "allowed"]),
  ["clone3", "ENOSYS"],
]);

const parse = (said: string): Record<string, string> =>
  Object.fromEntries(
    said
      .trim()
      .split("\n")
      .map((line) => line.split(": ")),
  );

test.each(["crun", "runc"])("a default container under %s has no call that it must not have", async (runtime) => {
  const said = await engine.dockerOutput("run", "--rm", "--runtime", runtime, "caller", "/syscalls");
  expect(parse(said)).toMatchObject(EXPECTED);
});

test.each([{}, { User: "1000" }, { Privileged: true }])("nor has a session with %j", async (options) => {
  const id = await engine.dockerOutput("run", "-d", "caller", "sleep", "1000");
  const { output } = await execute(engine, id, ["/syscalls"], options);
  const {
    "socket packet": _raw,
    "socket packet with high bits": _high,
    "i386 socket packet": _i386,
    ...rest
  } = EXPECTED;
  expect(parse(output)).toMatchObject("User" in options ? rest : EXPECTED);
});

test("without a filter the same calls are seen to be there", async () => {
  const said = await engine.dockerOutput("run", "--rm", "--security-opt", "seccomp=unconfined", "caller", "/syscalls");
  expect(parse(said)).toMatchObject({
    "socket vsock": "allowed",
    keyctl: "allowed",
    "unshare user": "allowed",
    clone3: "EINVAL",
  });
  expect(parse(said)["socket alg"]).not.toBe("EPERM");
});
