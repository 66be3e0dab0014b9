/** Clients that leave while their build goes on, in every way; and those who share work with them and stay. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { beginSolve, type Solving } from "../harness/buildkit-client.ts";
import { type ContextFiles, classicBuild } from "../harness/classic-build.ts";
import { TestEngine } from "../harness/engine.ts";
import { eventually } from "../harness/eventually.ts";
import { ensureBusybox } from "../harness/images.ts";
import { memoryMib } from "../harness/rogue.ts";

let engine: TestEngine;
beforeAll(async () => {
  engine = await TestEngine.start();
  await ensureBusybox(engine.dockerEnv());
});
afterAll(() => engine[Symbol.asyncDispose]());

const files = (...lines: readonly string[]): ContextFiles => ({
  Dockerfile: `FROM busybox\n${lines.join("\n")}\n`,
  a: "A\n",
});
const names = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : []);
const steps = (): string[] => names(join(engine.run, "build"));
const fetched = (): string[] => names(join(engine.root, "build/remote"));
const caches = (): string[] =>
  names(join(engine.root, "build/caches")).map((name) => join(engine.root, "build/caches", name));
const cacheHas = (name: string): boolean => caches().some((dir) => existsSync(join(dir, name)));

/** Nothing of it runs, is mounted, or lies about, and the history says that it has ended. */
async function isOver(): Promise<void> {
  await eventually(async () => steps().length === 0 && fetched().length === 0);
  expect(engine.residue().filter((line) => line.startsWith(`mount ${engine.run}/build`))).toEqual([]);
  await eventually(async () => {
    const listed = await engine.tareOutput("builder", "history", "ls", "--format", "json");
    return !listed.includes('"status":"Running"');
  });
}

const WAYS: readonly (readonly [string, (build: Solving) => void])[] = [
  [
    "both its connections",
    ({ calls, session }) => {
      calls.close();
      session.close();
    },
  ],
  ["the connection of its files", ({ session }) => session.close()],
  ["the connection of its calls", ({ calls }) => calls.close()],
];

test.each(WAYS)("a client that closes %s during a step ends the build", async (way, leave) => {
  const build = await beginSolve(engine, files(`RUN echo ${JSON.stringify(way)} && sleep 1000`));
  build.done.catch(() => undefined);
  await eventually(async () => steps().length > 0);
  leave(build);
  await isOver();
});

test.each(WAYS)("a client that closes %s at any moment leaves nothing", async (_, leave) => {
  for (let moment = 0; moment < 12; moment++) {
    const lines = ["COPY a /a", `RUN echo ${moment} > /moment`];
    const build = await beginSolve(engine, files(...lines), { exporters: [{ type: "tar", attrs: {} }] });
    build.done.catch(() => undefined);
    await Bun.sleep(moment * moment);
    leave(build);
    await build.done.catch(() => undefined);
  }
  await isOver();
});

test("whoever shares a step goes on when the one who began it leaves", async () => {
  const lines = [
    "COPY a /a",
    "RUN --mount=type=cache,id=gate,target=/g echo run >> /g/runs; until [ -e /g/go ]; do sleep 0.02; done; cat /a > /made",
  ];
  const first = await beginSolve(engine, files(...lines));
  first.done.catch(() => undefined);
  await eventually(async () => cacheHas("runs"));
  const staying = await beginSolve(engine, files(...lines), {
    exporters: [{ type: "image", attrs: { name: "stayed:1" } }],
  });
  await staying.begun(/RUN/);
  first.calls.close();
  first.session.close();
  await first.done.catch(() => undefined);
  const gate = caches().find((dir) => existsSync(join(dir, "runs"))) ?? "";
  writeFileSync(join(gate, "go"), "");
  await staying.done;
  expect(await engine.dockerOutput("run", "--rm", "stayed:1", "cat", "/made")).toBe("A");
  expect(readFileSync(join(gate, "runs"), "utf8")).toBe("run\n");
  await isOver();
});

test("a step that needs its client is begun again for whoever stays", async () => {
  const lines = ["RUN --mount=type=secret,id=s,required=true wc -c < /run/secrets/s > /size"];
  const asked = Promise.withResolvers<void>();
  const first = await beginSolve(engine, files(...lines), {
    secret: () => {
      asked.resolve();
      return new Promise(() => undefined);
    },
  });
  first.done.catch(() => undefined);
  await asked.promise;
  const exporters = [{ type: "image", attrs: { name: "stayed:2" } }];
  const staying = await beginSolve(engine, files(...lines), { exporters, secret: async () => "secret" });
  await staying.begun(/RUN/);
  first.calls.close();
  first.session.close();
  await staying.done;
  expect(await engine.dockerOutput("run", "--rm", "stayed:2", "cat", "/size")).toBe("6");
  await isOver();
});

test("one who waits for a locked cache can leave", async () => {
  const line = (what: string): string => `RUN --mount=type=cache,id=held,target=/h,sharing=locked ${what}`;
  const holder = await beginSolve(engine, files(line("touch /h/held; sleep 1000")));
  holder.done.catch(() => undefined);
  await eventually(async () => cacheHas("held"));
  const waiter = new AbortController();
  const waiting = classicBuild(engine, files(line("true")), {}, waiter.signal).catch(() => undefined);
  await eventually(async () => steps().length === 2);
  waiter.abort();
  await waiting;
  await eventually(async () => steps().length === 1);
  holder.calls.close();
  await isOver();
});

test.each([
  ["before it is whole", 700],
  ["in the middle of a file", 300_000],
])("a context that stops %s leaves nothing when its sender goes", async (_, bytes) => {
  const socket = connect(engine.socketPath);
  socket.write(
    "POST /v1.47/build HTTP/1.1\r\nHost: docker\r\nContent-Type: application/x-tar\r\nContent-Length: 9000000\r\n\r\n",
  );
  const header = Buffer.alloc(512);
  header.write("big");
  header.write("0000644\0", 100);
  header.write("00040000000\0", 124);
  header.write("        0", 148);
  header.write(
    `${[...header]
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  socket.write(Buffer.concat([header, Buffer.alloc(bytes - 512)]));
  await eventually(async () => fetched().length > 0);
  socket.destroy();
  await isOver();
});

test("directories that were copied into are not left open, which would keep their trees mounted", async () => {
  const opened = (): string[] =>
    readdirSync(`/proc/${engine.pid}/fd`).flatMap((fd) => {
      try {
        return readlinkSync(`/proc/${engine.pid}/fd/${fd}`).includes("left-open") ? [fd] : [];
      } catch {
        return [];
      }
    });
  const lines = ["WORKDIR /left-open", "COPY a .", "COPY a /left-open/below/", "COPY <<E /left-open/text", "text", "E"];
  expect((await classicBuild(engine, files(...lines))).error).toBe("");
  expect((await classicBuild(engine, files(...lines, "COPY a /left-open/below"))).error).toBe("");
  expect((await classicBuild(engine, files(...lines, "COPY missing /left-open/"))).error).not.toBe("");
  expect(opened()).toEqual([]);
});

test("a step that never stops talking is clipped, and takes no memory", async () => {
  const before = memoryMib(engine);
  const { output, error } = await classicBuild(
    engine,
    files("RUN head -c 200000000 /dev/zero | tr '\\0' x; echo end >&2"),
  );
  expect(error).toBe("");
  expect(output).toContain("[output clipped, log limit 2MiB reached]");
  expect(output.length).toBeLessThan(3 << 20);
  expect(output).toContain("end");
  expect(memoryMib(engine) - before).toBeLessThan(100);
});
