/**
 * SECURITY row 24, identity (CVE-2022-24769, CVE-2022-36109, CVE-2024-40635): no capability is inheritable, the groups are exactly those of the
 * user, and no number wraps round to root.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { TestEngine } from "../harness/engine.ts";
import { execute } from "./client.ts";
import { makeImage } from "./hostile-image.ts";

const STATUS = ["grep", "-E", "^(Uid|Gid|Groups|Cap(Inh|Prm|Eff|Amb)|NoNewPrivs|Seccomp):", "/proc/self/status"];
/** Docker's default set, capabilities(7). */
const DEFAULT_CAPS = "00000000a80425fb";
const NONE = "0000000000000000";

let engine: TestEngine;
let running: string;

beforeAll(async () => {
  engine = await TestEngine.start();
  await makeImage(engine, {
    name: "people",
    arrange: (root) => {
      const wrapping = ["4294967296", "4294967295", "2147483648", "18446744073709551616", "-1"];
      const users = wrapping.map((uid, at) => `wrap${at}:x:${uid}:1000::/:/bin/sh\n`);
      const groups = wrapping.map((gid, at) => `wrap${at}:x:1000:${gid}::/:/bin/sh\n`.replace("wrap", "gwrap"));
      appendFileSync(join(root, "etc/passwd"), [...users, ...groups].join(""));
      appendFileSync(join(root, "etc/group"), "video:x:44:app\nadm:x:4:nobody\n");
    },
  });
  running = await engine.dockerOutput("run", "-d", "people", "sleep", "1000");
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
});

interface Identity {
  readonly user: string;
  readonly flags?: readonly string[];
  readonly uid: number;
  readonly gid: number;
  readonly groups: string;
}

const PEOPLE: readonly Identity[] = [
  { user: "", uid: 0, gid: 0, groups: "0" },
  { user: "root", uid: 0, gid: 0, groups: "0" },
  { user: "app", uid: 1000, gid: 1000, groups: "44 1000 2000" },
  { user: "1000", uid: 1000, gid: 1000, groups: "44 1000 2000" },
  { user: "app:nogroup", uid: 1000, gid: 65534, groups: "65534" },
  { user: "12345", uid: 12345, gid: 0, groups: "0" },
  { user: "12345:678", uid: 12345, gid: 678, groups: "678" },
  { user: "2147483647", uid: 2147483647, gid: 0, groups: "0" },
];

function parse(status: string): Record<string, string> {
  const lines = status
    .trim()
    .split("\n")
    .map((line) => line.split(/:\s+/));
  return Object.fromEntries(lines.map(([name = "", value = ""]) => [name, value.trim().replaceAll("\t", " ")]));
}

const expected = ({ uid, gid, groups }: Identity): Record<string, string> => ({
  Uid: `${uid} ${uid} ${uid} ${uid}`,
  Gid: `${gid} ${gid} ${gid} ${gid}`,
  Groups: groups,
  CapInh: NONE,
  CapPrm: uid === 0 ? DEFAULT_CAPS : NONE,
  CapEff: uid === 0 ? DEFAULT_CAPS : NONE,
  CapAmb: NONE,
  NoNewPrivs: "0",
  Seccomp: "2",
});

test.each(PEOPLE)("user '$user' is uid $uid with groups $groups and inherits nothing", async (identity) => {
  const { user } = identity;
  const ran = await engine.dockerOutput("run", "--rm", "-u", user, "people", ...STATUS);
  expect(parse(ran)).toEqual(expected(identity));
  const executed = await execute(engine, running, STATUS, { User: user });
  expect(parse(executed.output)).toEqual(expected(identity));
});

test("groups that are added are added, once each, and to sessions as well", async () => {
  const flags = ["--group-add", "77", "--group-add", "video", "--group-add", "77", "-u", "app"];
  const id = await engine.dockerOutput("run", "-d", ...flags, "people", "sleep", "1000");
  const { output: own } = await execute(engine, id, ["cat", "/proc/1/status"]);
  expect(own).toMatch(/^Groups:\t44 77 1000 2000 ?$/m);
  expect((await execute(engine, id, STATUS)).output).toMatch(/^Groups:\t44 77 1000 2000 ?$/m);
});

test("capabilities that are added are effective but not inheritable", async () => {
  const flags = ["--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN"];
  for (const privileges of [flags, ["--privileged"]]) {
    const status = parse(await engine.dockerOutput("run", "--rm", ...privileges, "people", ...STATUS));
    expect(status["CapEff"]).not.toBe(DEFAULT_CAPS);
    expect([status["CapInh"], status["CapAmb"]]).toEqual([NONE, NONE]);
  }
  const privileged = parse((await execute(engine, running, STATUS, { Privileged: true })).output);
  expect([privileged["CapInh"], privileged["CapAmb"]]).toEqual([NONE, NONE]);
});

test.each([
  "4294967296",
  "4294967295",
  "2147483648",
  "18446744073709551616",
  "-1",
  "0:4294967296",
  "app:2147483648",
  ...[0, 1, 2, 3, 4].flatMap((at) => [`wrap${at}`, `gwrap${at}`]),
])("user %s is refused, for a container and for a session", async (user) => {
  const { exitCode, stdout, stderr } = await engine.docker("run", "--rm", "-u", user, "people", "id");
  expect([exitCode, stdout]).toEqual([125, ""]);
  expect(stderr).toContain("uids and gids must be in range 0-2147483647");
  const session = execute(engine, running, ["id"], { User: user });
  await expect(session).rejects.toThrow("uids and gids must be in range 0-2147483647");
});

test.each(["4294967296", "-1"])("group %s cannot be added", async (group) => {
  const { exitCode, stderr } = await engine.docker("run", "--rm", "--group-add", group, "people", "id");
  expect(exitCode).toBe(125);
  expect(stderr).toContain("uids and gids must be in range 0-2147483647");
});
