/** Packets that nobody who means well would send, from both sides, to a resolver that reports every wrong access. */
import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { parseAnswer, toQuery, toReply } from "../../../test/harness/dns-message.ts";
import { framed, type TestNetns } from "../../../test/harness/netns.ts";
import { build } from "../harness.ts";
import { Lab } from "./lab.ts";

const NATIVE = resolve(import.meta.dir, "../..");
const ROUNDS = 60;
const PACKETS_A_ROUND = 100;

let lab: Lab;
let web: TestNetns;
let random: () => number;

beforeAll(() => build("asan"));
beforeEach(async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  console.log(`seed ${seed}`);
  random = mulberry(seed);
  lab = await Lab.start("asan");
  web = lab.netns();
  await lab.must("put e1 net 10.0.0.1,fd00::1 web,a.b.c", `serve c1 ${web.path} 0 host:127.0.0.53 net,net,link,web`);
});
afterEach(() => lab[Symbol.asyncDispose]());

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const below = (limit: number): number => Math.floor(random() * limit);
const pick = <T>(items: readonly T[]): T => {
  const item = items[below(items.length)];
  if (item === undefined) throw new Error("nothing to pick");
  return item;
};

/** Changes that hit the fields which lengths, counts and pointers stand in more often than chance would. */
const CHANGES: readonly ((message: Buffer, from: number) => Buffer)[] = [
  (message) => message.subarray(0, below(message.length + 1)),
  (message) => Buffer.concat([message, Buffer.from(Array.from({ length: below(600) }, () => below(256)))]),
  (message, from) => {
    if (message.length > from)
      message[from + below(message.length - from)] = pick([0, 1, 0x3f, 0x40, 0xc0, 0xc1, 0xff, below(256)]);
    return message;
  },
  (message, from) => {
    if (message.length > from + 1)
      message.writeUInt16BE(pick([0xc00c, 0xc000, 0xffff, 0, 0x3fff]), from + below(message.length - from - 1));
    return message;
  },
  (message) => {
    if (message.length > 11) message.writeUInt16BE(pick([0, 1, 2, 17, 0xffff]), pick([4, 6, 8, 10]));
    return message;
  },
  (message, from) => {
    const at = from + below(Math.max(1, message.length - from));
    return Buffer.concat([message.subarray(0, at), message.subarray(from, from + below(40)), message.subarray(at)]);
  },
];

function spoiled(message: Buffer, from: number): Buffer {
  let spoilt: Buffer = Buffer.from(message);
  for (let changes = 1 + below(4); changes > 0; changes--) spoilt = Buffer.from(pick(CHANGES)(spoilt, from));
  return spoilt;
}

const NAMES = [
  "web",
  "a.b.c",
  "link",
  "web.net",
  "x.test",
  "1.0.0.10.in-addr.arpa",
  `${"l".repeat(63)}.`.repeat(3),
  "",
];
const someQuery = (): Buffer =>
  toQuery({
    name: pick(NAMES),
    type: pick(["A", "AAAA", "PTR", "ANY", "MX"]),
    id: below(65536),
    flags: pick([0x0100, 0x0110, 0, 0x8180, 0x2800]),
    ...(random() < 0.4 ? { edns: pick([0, 512, 1232, 65535]) } : {}),
  });

/** It is there, and of sound mind. */
async function expectHealth(): Promise<void> {
  expect(parseAnswer(await web.ask(toQuery({ name: "web" }))).answers).toMatchObject([{ data: "10.0.0.1" }]);
}

async function flood(packet: () => Buffer): Promise<void> {
  const socket = await web.inside(() => Bun.udpSocket({ connect: { hostname: "127.0.0.11", port: 53 } }));
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < PACKETS_A_ROUND; i++) socket.send(packet());
    await expectHealth();
  }
  socket.close();
}

test("a million spoiled messages are read without one byte too many", async () => {
  const program = join(lab.dir, "parse-fuzz");
  const sources = ["test/resolver/parse-fuzz.c", "resolver/message.c", "resolver/cache.c"].map((name) =>
    join(NATIVE, name),
  );
  const flags = ["-std=c17", "-D_GNU_SOURCE", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  const compiled = Bun.spawnSync(["gcc", ...flags, "-o", program, ...sources]);
  expect(compiled.stderr.toString()).toBe("");
  const run = Bun.spawnSync([program, String(below(2 ** 32)), "1000000"]);
  expect(run.stderr.toString()).toBe("");
  expect(run.exitCode).toBe(0);
});

test("clients may send anything by UDP", async () => {
  await lab.host.serve("127.0.0.53", (query) => [toReply(query, { rcode: 3 })]);
  await flood(() => spoiled(someQuery(), 0));
});

test("clients may send anything by TCP, in pieces of any size, and leave when they like", async () => {
  await lab.host.serve("127.0.0.53", (query) => [toReply(query, { addresses: ["192.0.2.1"] })]);
  for (let round = 0; round < ROUNDS; round++) {
    const gone = Promise.withResolvers<void>();
    const socket = await web.inside(() =>
      Bun.connect({
        hostname: "127.0.0.11",
        port: 53,
        socket: { data: () => undefined, close: () => gone.resolve(), error: () => gone.resolve() },
      }),
    );
    const messages = Array.from({ length: 1 + below(20) }, () =>
      framed(random() < 0.5 ? spoiled(someQuery(), 0) : someQuery()),
    );
    const bytes = random() < 0.3 ? spoiled(Buffer.concat(messages), 0) : Buffer.concat(messages);
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + below(400);
      socket.write(bytes.subarray(at, end));
      socket.flush();
      at = end;
    }
    await expectHealth();
    socket.terminate();
    await gone.promise;
  }
});

test("servers may answer anything, and what is kept of it does no harm", async () => {
  await lab.host.serve("127.0.0.53", (query) => {
    const question = query.length;
    const reply = toReply(
      query,
      pick([
        { addresses: ["192.0.2.1", "192.0.2.2"], ttl: 100 },
        { rcode: 3, negativeTtl: 60 },
        { addresses: ["192.0.2.1"] },
      ]),
    );
    const whole = reply.subarray(question);
    return [
      Buffer.concat([reply.subarray(0, 4), spoiled(reply.subarray(4, 12), 0), query.subarray(12), spoiled(whole, 0)]),
      spoiled(reply, 2),
      reply,
    ];
  });
  await flood(() => toQuery({ name: `n${below(40)}.test`, type: pick(["A", "AAAA", "MX"]), id: below(65536) }));
});

test("engines that write nonsense are refused", async () => {
  const elsewhere = lab.netns().path;
  const words = [
    "put",
    "serve",
    "e9",
    "net",
    "-",
    ",",
    ",,",
    "10.0.0.9",
    "fd00::9",
    "x,y",
    "",
    "0",
    elsewhere,
    "host:",
    "own:1.1.1.1",
    "hold",
    "1",
    "a".repeat(300),
  ];
  for (let round = 0; round < 500; round++) {
    const line = Array.from({ length: 1 + below(8) }, () => pick(words)).join(" ");
    const [answer] = await lab.tell(line);
    expect(answer).toMatch(/^(ok|error .+)$/);
  }
  await lab.must("drop e9");
  await expectHealth();
});
