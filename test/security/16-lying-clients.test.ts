/** Row 16, and the sessions' part of rows 9 to 11: clients that lie about their files, and that speak nonsense on the builds' doors. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { bidirectional, type Endpoint } from "../../src/grpc/method.ts";
import { SYNC_FILES } from "../../src/grpc/session-methods.ts";
import type { Stat } from "../../src/wire/buildkit/common.ts";
import { PACKET, type Packet } from "../../src/wire/buildkit/session.ts";
import type { Sendable } from "../../src/wire/protobuf/message.ts";
import { solve } from "../harness/buildkit-client.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";
import { memoryMib } from "../harness/rogue.ts";
import { createRandom, mutateBytes, type Random } from "./mutate.ts";

let engine: TestEngine;
let outside: string;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
  outside = mkdtempSync(join("/var/tmp", "tare-outside-"));
  writeFileSync(join(outside, "secret"), "of the host\n");
});
afterAll(async () => {
  rmSync(outside, { recursive: true, force: true });
  await engine[Symbol.asyncDispose]();
});

type Said = Sendable<Packet>;
type Talk = (asked: AsyncIterable<Packet>) => AsyncIterable<Said>;

const DIRECTORY = 2 ** 31;
const SYMLINK = 1 << 27;
const DEVICE = 1 << 26;

const stat = (path: string, more: Partial<Stat> = {}): Said => ({
  type: PACKET.stat,
  stat: { path, mode: 0o644, size: 4, ...more },
});
const data = (id: number, text: string): Said => ({ type: PACKET.data, id, data: Buffer.from(text) });
const THE_END: Said = { type: PACKET.stat };

/** Says all of it at once, and answers whatever is asked for with the same four bytes. */
const saying = (...packets: readonly Said[]): Talk =>
  async function* (asked) {
    yield* [...packets, THE_END];
    for await (const { type, id } of asked) {
      if (type === PACKET.request) yield* [data(id, "lies"), data(id, "")];
      if (type === PACKET.finish) yield { type: PACKET.finish };
    }
  };

/** An honest Dockerfile, and a context that is none. */
function liar(talk: Talk, dockerfile = "FROM busybox\nCOPY . /all/\n"): Endpoint {
  return bidirectional(SYNC_FILES, async function* (asked, { headers }) {
    if (headers["dir-name"] !== "dockerfile") return yield* talk(asked);
    yield* [stat("Dockerfile", { size: dockerfile.length }), THE_END];
    for await (const { type, id } of asked) {
      if (type === PACKET.request) yield* [data(id, dockerfile), data(id, "")];
      if (type === PACKET.finish) yield { type: PACKET.finish };
    }
  });
}

async function outcome(talk: Talk, name = ""): Promise<string> {
  const exporters = name === "" ? [] : [{ type: "image", attrs: { name } }];
  return solve(engine, {}, { endpoints: [liar(talk)], options: { context: "" }, exporters }).then(
    () => "",
    (error: unknown) => String(error),
  );
}

const LIES: readonly (readonly [string, () => Talk])[] = [
  ["a path with ..", () => saying(stat("../escaped"))],
  ["a path with .. inside", () => saying(stat("a", { mode: DIRECTORY + 0o755 }), stat("a/../../escaped"))],
  ["an absolute path", () => saying(stat("/escaped"))],
  ["a path with a NUL", () => saying(stat("a\0b"))],
  ["no path", () => saying(stat(""))],
  ["one path twice", () => saying(stat("a"), stat("a"))],
  ["paths in no order", () => saying(stat("b"), stat("a"))],
  [
    "a file behind a link out",
    () => saying(stat("a", { mode: SYMLINK + 0o777, linkName: outside }), stat("a/planted")),
  ],
  ["another name of a file outside", () => saying(stat("a", { linkName: "../../../../../etc/passwd" }))],
  ["another name of a file that is not there", () => saying(stat("a", { linkName: "nowhere" }))],
  ["a name that is too long", () => saying(stat("x".repeat(5000)))],
  ["a file below a file", () => saying(stat("a"), stat("a/b"))],
  [
    "data that nobody asked for",
    () =>
      async function* () {
        yield* [stat("a"), data(7, "x"), THE_END];
      },
  ],
  [
    "an unknown packet",
    () =>
      async function* () {
        yield { type: 77 };
      },
  ],
  [
    "an end before anything was sent",
    () =>
      async function* () {
        yield stat("a");
      },
  ],
  [
    "files that are said to be known",
    () =>
      async function* () {
        yield { type: PACKET.unchanged };
      },
  ],
];

test.each(LIES)("a client that sends %s is refused", async (_, talk) => {
  const why = await outcome(talk());
  expect(why).toMatch(
    /in a transfer of files|nobody asked for|known that are not|too early|ENOENT|ENOTDIR|ELOOP|ENAMETOOLONG|no such file|file exists|not a directory|too long|symbolic links/,
  );
  expectNothing();
});

/** Nothing of a context that was refused, and nothing outside. */
function expectNothing(): void {
  expect(readdirSync(outside)).toEqual(["secret"]);
  const places = ["escaped", "build/escaped", "build/contexts/escaped"].map((name) => join(engine.root, name));
  expect([...places, "/escaped"].filter((path) => existsSync(path))).toEqual([]);
  expect(readdirSync(join(engine.root, "build/remote"))).toEqual([]);
}

test("sizes, times and owners that are enormous hurt nobody", async () => {
  const huge = { size: 2 ** 52, uid: 2 ** 31 - 2, gid: 2 ** 31 - 2, modTime: 2n ** 62n };
  await outcome(saying(stat("a", huge)));
  expectNothing();
});

test("devices and links of a client stay in the image", async () => {
  const disk = stat("disk", { mode: DEVICE + 0o666, major: 8, minor: 0 });
  const link = stat("link", { mode: SYMLINK + 0o777, linkName: `${outside}/secret` });
  expect(await outcome(saying(disk, link), "liar:1")).toBe("");
  const shown = await engine.docker("run", "--rm", "liar:1", "cat", "/all/link", "/all/disk");
  expect(shown.stdout).not.toContain("of the host");
  expectNothing();
});

test("a list without end ends", async () => {
  const before = memoryMib(engine);
  const endless: Talk = async function* () {
    const xattrs = new Map([["user.long", Buffer.alloc(60_000)]]);
    for (let at = 0; ; at++)
      yield stat(`f${String(at).padStart(12, "0")}`, { mode: SYMLINK + 0o777, linkName: "a", xattrs });
  };
  expect(await outcome(endless)).toContain("too many files in a transfer");
  expectNothing();
  expect(memoryMib(engine) - before).toBeLessThan(600);
});

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

function http2Frame(random: Random): Buffer {
  const payload = Buffer.from(
    Array.from({ length: random.pick([0, 1, 4, 5, 6, 8, 20, 200]) }, () => random.below(256)),
  );
  const head = Buffer.alloc(9);
  head.writeUIntBE(random.below(20) === 0 ? random.below(1 << 24) : payload.length, 0, 3);
  head[3] = random.below(12);
  head[4] = random.pick([0, 1, 4, 5, 8, 0x20, 0xff]);
  head.writeUInt32BE(random.pick([0, 1, 1, 3, 2, 0x7fffffff]), 5);
  return Buffer.concat([head, payload]);
}

async function speakNonsense(random: Random): Promise<void> {
  const door = random.pick(["/grpc", "/session"]);
  const fields = ["Host: docker", "Connection: Upgrade", "Upgrade: h2c", "X-Docker-Expose-Session-Uuid: nonsense"];
  const head = Buffer.from(`POST ${door} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
  const frames = Array.from({ length: 1 + random.below(20) }, () => http2Frame(random));
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(engine.socketPath, () => {
    socket.write(Buffer.concat([random.below(8) === 0 ? mutateBytes(head, random) : head, PREFACE, ...frames]));
    socket.end();
  });
  socket.on("data", () => undefined);
  socket.on("error", () => resolve());
  socket.on("close", () => resolve());
  await Promise.race([promise, Bun.sleep(50)]);
  socket.destroy();
}

test("nonsense on the doors of builds ends its own connection and nothing else", async () => {
  const descriptors = (): number => readdirSync(`/proc/${engine.pid}/fd`).length;
  const before = descriptors();
  for (let seed = 1; seed <= 60; seed++) {
    await Promise.all(Array.from({ length: 8 }, (_, at) => speakNonsense(createRandom(seed * 100 + at))));
  }
  expect(await engine.dockerOutput("version", "--format", "{{.Server.Version}}")).not.toBe("");
  await eventually(async () => descriptors() <= before + 4);
});
