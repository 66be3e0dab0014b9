import { beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { SocketStream } from "../../src/base/socket-stream.ts";
import { frame } from "../../src/wire/multiplex.ts";
import { BUILDS, build, Run, readAll, readExactly, readUntil } from "./harness.ts";

const UNTIL_FINISH = "while ! [ -e finish ]; do sleep 0.02; done";
const finish = (run: Run): void => writeFileSync(run.path("finish"), "");
const framed = (stream: 1 | 2, text: string): string =>
  Buffer.from(frame(stream, Buffer.from(text))).toString("latin1");
const send = (stream: SocketStream, text: string): Promise<void> => stream.write(Buffer.from(text));

/** Fifty clients a round; half of the rounds' leave in the middle of their request. */
async function comeAndGo(run: Run, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const request = round % 2 === 0 ? "attach 1 1 1\n" : "att";
    const clients = await Promise.all(Array.from({ length: 50 }, () => run.send(request)));
    for (const client of clients) client.close();
  }
}

describe.each([...BUILDS])("the %s monitor's clients", (kind) => {
  beforeAll(() => build(kind));

  test("a client that attached while output was held gets it from its first byte, in frames, until the end", async () => {
    await using run = Run.start(kind, { command: "echo out; echo err >&2", flags: ["--hold"] });
    await run.started();
    const client = await run.attach("0 1 1");
    run.release();
    const output = (await readAll(client)).toString("latin1");
    expect([framed(1, "out\n") + framed(2, "err\n"), framed(2, "err\n") + framed(1, "out\n")]).toContain(output);
    expect((await run.exited()).code).toBe(0);
  });

  test("each client gets the streams that it asked for", async () => {
    await using run = Run.start(kind, { command: "echo out; echo err >&2", flags: ["--hold"] });
    await run.lines.next("listening");
    const clients = await Promise.all(["0 1 0", "0 0 1", "0 0 0"].map((streams) => run.attach(streams)));
    run.release();
    const outputs = await Promise.all(clients.map(readAll));
    expect(outputs.map((output) => output.toString("latin1"))).toEqual([framed(1, "out\n"), framed(2, "err\n"), ""]);
  });

  test("held output waits until the end of the control pipe, even when the process has ended", async () => {
    await using run = Run.start(kind, { command: "echo out", flags: ["--hold", "--log", "DIR/log"] });
    const pid = await run.started();
    while (existsSync(`/proc/${pid}`)) await Bun.sleep(5);
    expect(await run.ask("resize 1 1")).toStartWith("error");
    expect(run.logged()).toEqual([]);
    void run.monitor.stdin.end();
    await run.exited();
    expect(run.logged()).toEqual(["stdout F out"]);
  });

  test("input reaches the process, a half-close ends it, and the answer still arrives", async () => {
    await using run = Run.start(kind, { command: "cat", flags: ["--stdin", "--stdin-once"] });
    await run.started();
    const client = await run.attach("1 1 1");
    await send(client, "hello\n");
    expect((await readExactly(client, 14)).toString("latin1")).toBe(framed(1, "hello\n"));
    await send(client, "bye\n");
    client.end();
    expect((await readAll(client)).toString("latin1")).toBe(framed(1, "bye\n"));
    expect((await run.exited()).code).toBe(0);
  });

  test("input sent together with the request line is not lost", async () => {
    await using run = Run.start(kind, { command: "cat", flags: ["--stdin", "--stdin-once"] });
    await run.started();
    const client = await run.request("attach 1 1 1\nearly");
    client.end();
    expect((await readAll(client)).toString("latin1")).toBe(`ok\n${framed(1, "early\n")}`);
  });

  test("a client that goes away altogether ends stdin as well when that is to be closed once", async () => {
    await using run = Run.start(kind, { command: "cat; echo end > end", flags: ["--stdin", "--stdin-once"] });
    await run.started();
    (await run.attach("1 1 1")).close();
    await run.exited();
    expect(existsSync(run.path("end"))).toBe(true);
  });

  test("without that, stdin stays open for the next client, and close-stdin ends it", async () => {
    await using run = Run.start(kind, { command: "cat", flags: ["--stdin", "--log", "DIR/log"] });
    await run.started();
    for (const text of ["one\n", "two\n"]) {
      const client = await run.attach("1 1 0");
      await send(client, text);
      expect((await readExactly(client, 12)).toString("latin1")).toBe(framed(1, text));
      client.close();
    }
    expect(await run.ask("close-stdin")).toBe("ok\n");
    expect((await run.exited()).code).toBe(0);
    expect(run.logged()).toEqual(["stdout F one", "stdout F two"]);
  });

  test("without --stdin the process reads nothing, and what clients send is thrown away", async () => {
    await using run = Run.start(kind, { command: `cat; ${UNTIL_FINISH}; echo end` });
    await run.started();
    const client = await run.attach("1 1 0");
    await send(client, "for nobody".repeat(100_000));
    finish(run);
    expect((await readAll(client)).toString("latin1")).toBe(framed(1, "end\n"));
  });

  test("a process that reads no input blocks nobody, and gets all of it once it does", async () => {
    const command = `${UNTIL_FINISH}; cat | wc -c`;
    await using run = Run.start(kind, { command, flags: ["--stdin", "--stdin-once", "--log", "DIR/log"] });
    await run.started();
    const sender = await run.attach("1 0 0");
    const sending = send(sender, "x".repeat(1_000_000)).then(() => sender.end());
    expect(await run.ask("reopen-log")).toBe("ok\n");
    finish(run);
    await sending;
    await run.exited();
    expect(run.logged().map((line) => line.trim())).toEqual(["stdout F 1000000"]);
  });

  test("a process that closes its stdin loses nobody else anything", async () => {
    const command = `exec 0<&-; echo closed; ${UNTIL_FINISH}; echo end`;
    await using run = Run.start(kind, { command, flags: ["--stdin", "--hold"] });
    await run.started();
    const client = await run.attach("1 1 0");
    run.release();
    expect((await readExactly(client, 15)).toString("latin1")).toBe(framed(1, "closed\n"));
    await send(client, "x".repeat(300_000));
    finish(run);
    expect((await readAll(client)).toString("latin1")).toBe(framed(1, "end\n"));
  });

  test("a slow reader holds the process back and loses no byte", async () => {
    await using run = Run.start(kind, { command: "seq 1 300000", flags: ["--hold", "--log", "DIR/log"] });
    await run.started();
    const client = await run.attach("0 1 0");
    run.release();
    const reader = client.readable[Symbol.asyncIterator]();
    let bytes = 0;
    for (let next = await reader.next(); !next.done; next = await reader.next()) {
      bytes += next.value.length;
      if (bytes < 100_000) await Bun.sleep(5);
    }
    const payload = Array.from({ length: 300_000 }, (_, at) => `${at + 1}\n`).join("").length;
    expect(bytes).toBeGreaterThan(payload);
    expect((await run.exited()).code).toBe(0);
    expect(run.logged()).toHaveLength(300_000);
  });

  test("a client that takes nothing is disconnected where a log is kept, and the log is whole", async () => {
    await using run = Run.start(kind, {
      command: "seq 1 500000",
      flags: ["--hold", "--log", "DIR/log", "--stall-ms", "100"],
    });
    await run.started();
    const client = await run.attach("0 1 0");
    run.release();
    expect((await run.exited()).code).toBe(0);
    expect(run.logged()).toHaveLength(500_000);
    client.close();
  });

  test("a client that takes nothing is waited for where there is no log", async () => {
    await using run = Run.start(kind, { command: "seq 1 500000", flags: ["--hold", "--stall-ms", "10"] });
    await run.started();
    const client = await run.attach("0 1 0");
    run.release();
    await Bun.sleep(300);
    expect(run.monitor.exitCode).toBeNull();
    expect((await readAll(client)).toString("latin1")).toEndWith("500000\n");
    expect((await run.exited()).code).toBe(0);
  });

  test("watch tells what has been said, and what is said later", async () => {
    await using run = Run.start(kind, { command: UNTIL_FINISH });
    const pid = await run.started();
    const watcher = await run.request("watch");
    expect(await readUntil(watcher, `started ${pid}\n`)).toBe(`listening\nstarted ${pid}\n`);
    finish(run);
    expect((await readAll(watcher)).toString()).toBe(`${await run.lines.next("exited")}\n`);
  });

  test("watchers and attached clients of a runtime that fails are told and left", async () => {
    await using run = Run.start(kind, { runtime: `${UNTIL_FINISH}; echo noise; echo no > runtime.log; exit 1` });
    await run.lines.next("listening");
    const watcher = await run.request("watch");
    const client = await run.attach("0 1 1");
    finish(run);
    expect((await readAll(watcher)).toString()).toBe("listening\nfailed no\n");
    expect(await readAll(client)).toBeEmpty();
  });

  test.each([
    ["frobnicate", "error unknown request\n"],
    ["", "error unknown request\n"],
    ["attach 1 1", "error attach wants three of 0 and 1\n"],
    ["attach 1 1 2", "error attach wants three of 0 and 1\n"],
    ["resize 10 20", "error the process has no terminal\n"],
    ["reopen-log", "error there is no log\n"],
    ["x".repeat(1000), ""],
  ])("the request %p is answered %p", async (request, answer) => {
    await using run = Run.start(kind, { command: UNTIL_FINISH });
    await run.started();
    expect(await run.ask(request)).toBe(answer);
    finish(run);
    await run.exited();
  });

  test("more clients than there are places wait for theirs, and nobody is harmed by many that come and go", async () => {
    await using run = Run.start(kind, { command: `${UNTIL_FINISH}; echo end`, flags: ["--stdin"] });
    await run.started();
    const crowd = await Promise.all(Array.from({ length: 64 }, () => run.attach("1 1 1")));
    const late = run.attach("0 1 0");
    crowd.pop()?.close();
    const waited = await late;
    for (const client of crowd) client.close();
    await comeAndGo(run, 10);
    finish(run);
    expect((await readAll(waited)).toString("latin1")).toBe(framed(1, "end\n"));
  });
});

describe("the release monitor's socket", () => {
  beforeAll(() => build("release"));

  test("costs neither memory nor descriptors when ten thousand clients come and go", async () => {
    await using run = Run.start("release", { command: UNTIL_FINISH, flags: ["--stdin"] });
    await run.started();
    const proc = `/proc/${run.monitor.pid}`;
    const descriptors = (): number => readdirSync(`${proc}/fd`).length;
    const dirtyKb = (): number =>
      Number(/^Private_Dirty:\s+(\d+)/m.exec(readFileSync(`${proc}/smaps_rollup`, "utf8"))?.[1]);
    const none = descriptors();
    await comeAndGo(run, 10);
    const before = dirtyKb();
    await comeAndGo(run, 190);
    while (descriptors() !== none) await Bun.sleep(5);
    expect(dirtyKb()).toBeLessThanOrEqual(before + 8);
    finish(run);
    await run.exited();
  });

  test("is its owner's alone", async () => {
    await using run = Run.start("release", { command: UNTIL_FINISH });
    await run.started();
    expect(statSync(run.path("attach.sock")).mode & 0o777).toBe(0o600);
    chmodSync(run.path("attach.sock"), 0o666);
    chmodSync(run.dir, 0o755);
    // curl: hung up on at once, while it asked, or before an answer came; an answer that is no HTTP would be 1.
    const url = ["--unix-socket", run.path("attach.sock"), "http://monitor/"];
    const nobody = Bun.spawn(["setpriv", "--reuid=65534", "--clear-groups", "curl", "--silent", ...url]);
    expect([7, 52, 55, 56]).toContain(await nobody.exited);
    expect(await Bun.spawn(["curl", "--silent", ...url]).exited).toBe(1);
    finish(run);
    await run.exited();
  });

  test("may lie deeper than a socket address reaches", async () => {
    await using run = Run.start("release", {
      command: UNTIL_FINISH,
      flags: ["--dir", `DIR/${"x".repeat(120)}`],
      wrapper: ["sh", "-c", `mkdir DIR/${"x".repeat(120)}; exec "$@"`, "sh"],
    });
    const deep = run.path("x".repeat(120));
    expect(await run.lines.next("listening")).toBe("listening");
    expect(existsSync(`${deep}/attach.sock`)).toBe(true);
    await run.started();
    expect(readFileSync(`${deep}/pid`, "utf8")).not.toBe("");
    writeFileSync(`${deep}/finish`, "");
    await run.exited();
  });
});
