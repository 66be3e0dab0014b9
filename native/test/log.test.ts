import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { BUILDS, build, Run, readAll, readUntil } from "./harness.ts";

const UNTIL_FINISH = "while ! [ -e finish ]; do sleep 0.02; done";
const LOG = ["--log", "DIR/log"];
const upTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);
const numbersOf = (records: readonly string[], stream: string): number[] =>
  records.filter((record) => record.startsWith(`${stream} `)).map((record) => Number(record.slice(stream.length + 3)));

describe.each([...BUILDS])("the %s monitor's log", (kind) => {
  beforeAll(() => build(kind));

  test("has a record for each line, a part for an end without newline, and times that never go back", async () => {
    const before = new Date(Date.now() - 1).toISOString();
    await using run = Run.start(kind, {
      command: "echo one; echo; sleep 0.01; echo two >&2; sleep 0.01; printf three",
      flags: LOG,
    });
    await run.exited();
    expect(run.logged()).toEqual(["stdout F one", "stdout F ", "stderr F two", "stdout P three"]);
    const times = run
      .read("log")
      .split("\n")
      .slice(0, -1)
      .map((record) => record.slice(0, 30));
    for (const time of times) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    expect(times).toEqual(times.toSorted());
    expect(times.every((time) => time > before)).toBe(true);
    expect(statSync(run.path("log")).mode & 0o777).toBe(0o640);
  });

  test("keeps every byte of a line but the newline", async () => {
    await using run = Run.start(kind, {
      command: 'printf \'\\000\\033]52;c;x\\007\\r {"log":"x"} \\377\\n\'',
      flags: LOG,
    });
    await run.exited();
    expect(readFileSync(run.path("log")).subarray(40)).toEqual(
      Buffer.from('\0\x1b]52;c;x\x07\r {"log":"x"} \xff\n', "latin1"),
    );
  });

  test.each([
    [16_383, "F16383"],
    [16_384, "P16384 F0"],
    [16_385, "P16384 F1"],
    [40_000, "P16384 P16384 F7232"],
    [100_000, "P16384 P16384 P16384 P16384 P16384 P16384 F1696"],
  ])("divides a line of %d bytes into %s", async (length, records) => {
    await using run = Run.start(kind, { command: `head -c ${length} /dev/zero | tr '\\0' x; echo`, flags: LOG });
    await run.exited();
    expect(
      run
        .logged()
        .map((record) => `${record[7]}${record.length - 9}`)
        .join(" "),
    ).toBe(records);
  });

  test("joins a line that came in pieces, while the other stream goes on between them", async () => {
    await using run = Run.start(kind, { command: "printf a; sleep 0.05; echo x >&2; sleep 0.05; echo b", flags: LOG });
    await run.exited();
    expect(run.logged()).toEqual(["stderr F x", "stdout F ab"]);
  });

  test("loses and divides no line of two streams while it is rotated", async () => {
    const lines = kind === "valgrind" ? 20_000 : 100_000;
    const flags = [...LOG, "--log-max-bytes", "100000", "--log-max-files", "1000"];
    await using run = Run.start(kind, { command: `seq 1 ${lines} & seq 1 ${lines} >&2; wait`, flags });
    await run.exited();
    const records = run.logged();
    expect(numbersOf(records, "stdout")).toEqual(upTo(lines));
    expect(numbersOf(records, "stderr")).toEqual(upTo(lines));
    const sizes = readdirSync(run.dir)
      .filter((name) => name.startsWith("log."))
      .map((name) => statSync(run.path(name)).size);
    expect(sizes.length).toBeGreaterThan(10);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(100_000);
    expect(Math.max(...sizes)).toBeLessThan(100_000 + 100);
  });

  test("keeps as many files as asked for, with the newest lines", async () => {
    const flags = [...LOG, "--log-max-bytes", "1000", "--log-max-files", "3"];
    await using run = Run.start(kind, { command: "seq 1 1000", flags });
    await run.exited();
    expect(
      readdirSync(run.dir)
        .filter((name) => name.startsWith("log"))
        .toSorted(),
    ).toEqual(["log", "log.1", "log.2"]);
    const numbers = numbersOf(run.logged(), "stdout");
    expect(numbers).toEqual(upTo(1000).slice(-numbers.length));
    expect(numbers.length).toBeGreaterThan(40);
  });

  test("begins anew in its only file", async () => {
    await using run = Run.start(kind, { command: "seq 1 1000", flags: [...LOG, "--log-max-bytes", "1000"] });
    await run.exited();
    expect(readdirSync(run.dir).filter((name) => name.startsWith("log"))).toEqual(["log"]);
    expect(statSync(run.path("log")).size).toBeLessThan(1000);
  });

  test("is not rotated within a line, unless the line has no end", async () => {
    const flags = [...LOG, "--log-max-bytes", "1000", "--log-max-files", "9"];
    const command = "printf 'a%.0s' $(seq 1 60000); echo; head -c 600000 /dev/zero";
    await using run = Run.start(kind, { command, flags });
    await run.exited();
    const files = [
      ...upTo(8)
        .toReversed()
        .map((number) => `log.${number}`),
      "log",
    ].filter((name) => existsSync(run.path(name)));
    const contents = files.map((name) =>
      run
        .read(name)
        .split("\n")
        .slice(0, -1)
        .map((record) => record.slice(40))
        .join(""),
    );
    expect(contents[0]).toBe("a".repeat(60_000));
    expect(contents.slice(1).join("")).toBe("\0".repeat(600_000));
    expect(files.length).toBeWithin(4, 6);
  });

  test("goes on in a file of an earlier run, after a record that was torn off there", async () => {
    const wrapper = ["sh", "-c", "printf 'whole\\ntor' > DIR/log; exec \"$@\"", "sh"];
    await using run = Run.start(kind, { command: "echo new", flags: LOG, wrapper });
    await run.exited();
    expect(run.read("log")).toMatch(/^whole\ntor\n\S+Z stdout F new\n$/);
  });

  test("is opened anew on request, after somebody else has moved it", async () => {
    await using run = Run.start(kind, { command: `echo one; ${UNTIL_FINISH}; echo two`, flags: LOG });
    await run.started();
    while (run.logged().length === 0) await Bun.sleep(5);
    renameSync(run.path("log"), run.path("moved"));
    expect(await run.ask("reopen-log")).toBe("ok\n");
    writeFileSync(run.path("finish"), "");
    await run.exited();
    expect([run.logged("moved"), run.logged()]).toEqual([["stdout F one"], ["stdout F two"]]);
  });

  test("on a full disk drops whole records, serves its clients, and tells the loss once there is space", async () => {
    const small =
      "mkdir DIR/small; mount -t tmpfs -o size=64k tmpfs DIR/small; head -c 20000 /dev/zero > DIR/small/filler";
    await using run = Run.start(kind, {
      command: `seq 1 5000; ${UNTIL_FINISH}; echo after; while ! [ -e over ]; do sleep 0.02; done`,
      flags: ["--log", "DIR/small/log", "--hold"],
      wrapper: ["unshare", "--mount", "sh", "-c", `${small}; exec "$@"`, "sh"],
    });
    await run.started();
    const client = await run.attach("0 1 0");
    run.release();
    const inside = (name: string): string => `/proc/${run.monitor.pid}/root${run.path(`small/${name}`)}`;
    // All of it has come, and the log was full long before.
    await readUntil(client, "\n5000\n");
    expect(await run.ask("resize 1 1")).toStartWith("error");
    rmSync(inside("filler"));
    writeFileSync(run.path("finish"), "");
    while (!readFileSync(inside("log"), "utf8").endsWith("after\n")) await Bun.sleep(5);
    const text = readFileSync(inside("log"), "utf8");
    writeFileSync(run.path("over"), "");
    await run.exited();
    const records = text
      .split("\n")
      .slice(0, -1)
      .map((record) => record.slice(31));
    const kept = numbersOf(
      records.slice(
        0,
        records.findIndex((record) => record.includes("lost")),
      ),
      "stdout",
    );
    expect(kept).toEqual(upTo(kept.length));
    expect(text).toMatch(/^\S+Z stderr F tare-monitor: \d+ bytes of log lost: No space left on device$/m);
    expect((await readAll(client)).toString("latin1")).toEndWith("after\n");
  });
});
