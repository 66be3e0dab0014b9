import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { BUILDS, build, Run } from "./harness.ts";

describe.each([...BUILDS])("the %s monitor", (kind) => {
  beforeAll(() => build(kind));

  test("says listening, started with the pid, and exited with code, no oom and time; the record is the last line", async () => {
    const before = Date.now();
    await using run = Run.start(kind, { command: "exit 7" });
    const pid = await run.started();
    expect(pid).toBe(Number(run.read("pid")));
    const { code, oom, time } = await run.exited();
    expect([code, oom]).toEqual([7, 0]);
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    expect(Date.parse(time)).toBeWithin(before - 1, Date.now() + 1);
    expect(run.lines.all[0]).toBe("listening");
    expect(run.read("exit")).toBe(`${run.lines.all.at(-1)}\n`);
    expect(existsSync(run.path("attach.sock"))).toBe(false);
    expect(existsSync(run.path("exit.tmp"))).toBe(false);
    expect(run.monitor.exitCode).toBe(0);
  });

  test("gives 128 and the signal for a killed process", async () => {
    await using run = Run.start(kind, { command: "kill -TERM $$" });
    expect((await run.exited()).code).toBe(143);
  });

  test.each([
    ["the end of runtime.log", "echo 'no \\ root' > runtime.log; echo noise; exit 1", "no \\\\ root"],
    ["all lines of it", "printf 'one\\ntwo\\r\\n' > runtime.log; exit 1", "one\\ntwo\\r"],
    ["what the runtime wrote to stderr", "echo 'bad option' >&2; exit 64", "bad option"],
    ["its exit status when it said nothing", "exit 3", "DIR/runtime ended with status 3"],
    ["its signal", "kill -KILL $$", "DIR/runtime was killed by signal 9"],
    ["that it left no pid", "exit 0", "the runtime left no pid"],
    ["that its pid is none", "echo -5 > pid", "the runtime left no pid"],
  ])("fails with %s", async (_what, runtime, message) => {
    await using run = Run.start(kind, { runtime });
    const line = `failed ${message.replaceAll("DIR", run.dir)}`;
    expect(await run.lines.next("failed")).toBe(line);
    expect(await run.monitor.exited).toBe(1);
    expect(run.read("exit")).toBe(`${line}\n`);
    expect(existsSync(run.path("attach.sock"))).toBe(false);
  });

  test("cuts a long message to its end", async () => {
    await using run = Run.start(kind, {
      runtime: "head -c 20000 /dev/zero | tr '\\0' x > runtime.log; echo END >> runtime.log; exit 1",
    });
    const line = await run.lines.next("failed");
    expect(line).toEndWith("xEND");
    expect(line.length).toBeWithin(8000, 8300);
  });

  test.each([
    ["an unknown flag", ["--frobnicate"], "--frobnicate"],
    ["a flag without its value", ["--log"], "--log"],
    ["a number that is none", ["--drain-ms", "1s"], "--drain-ms"],
    ["a number too large", ["--log-max-bytes", "99999999999999999999"], "--log-max-bytes"],
    ["no files to keep", ["--log-max-files", "0"], "--log-max-files"],
    ["a size that is none", ["--console-size", "24"], "--console-size"],
    ["a directory that is not there", ["--dir", "/nonexistent"], "/nonexistent"],
    ["a log that cannot be opened", ["--log", "/nonexistent/log"], "/nonexistent/log"],
  ])("refuses %s", async (_what, flags, culprit) => {
    await using run = Run.start(kind, { command: "touch ran", flags });
    expect(await run.lines.next("failed")).toStartWith(`failed ${culprit}: `);
    expect(await run.monitor.exited).toBe(1);
    expect(existsSync(run.path("ran"))).toBe(false);
  });

  test("clears away what an earlier run left in the directory", async () => {
    await using run = Run.start(kind, {
      command: "exit 0",
      wrapper: [
        "sh",
        "-c",
        'echo "exited 9 0 x" > DIR/exit; echo 1 > DIR/pid; echo old > DIR/runtime.log; exec "$@"',
        "sh",
      ],
    });
    await run.exited();
    expect(run.read("exit")).toBe(`${run.lines.all.at(-1)}\n`);
    expect(run.read("pid")).not.toBe("1\n");
    expect(existsSync(run.path("runtime.log"))).toBe(false);
  });

  test("goes on, and leaves its record, when whoever started it is killed and its pipes break", async () => {
    const wrapper = ["sh", "-c", '"$@" < /dev/null & echo $! > DIR/monitor; wait', "sh"];
    await using run = Run.start(kind, {
      command: "while ! [ -e finish ]; do sleep 0.02; done; echo done; exit 5",
      flags: ["--log", "DIR/log"],
      wrapper,
    });
    await run.started();
    const monitor = Number(run.read("monitor"));
    run.monitor.kill("SIGKILL");
    await run.monitor.exited;
    const watcher = await run.request("watch");
    writeFileSync(run.path("finish"), "");
    for await (const _ of watcher.readable);
    expect(run.read("exit")).toStartWith("exited 5 0 ");
    expect(run.logged()).toEqual(["stdout F done"]);
    while (existsSync(`/proc/${monitor}`)) await Bun.sleep(5);
  });

  test("cannot be ended by the signals of a shutdown or a terminal", async () => {
    await using run = Run.start(kind, { command: "while ! [ -e finish ]; do sleep 0.02; done" });
    await run.started();
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) run.monitor.kill(signal);
    expect(await run.ask("reopen-log")).toBe("error there is no log\n");
    writeFileSync(run.path("finish"), "");
    expect((await run.exited()).code).toBe(0);
  });
});

// Valgrind gives its programs descriptors of its own, and its vfork does not hand the parent the child's error.
describe.each(["release", "asan"] as const)("the %s monitor, not under valgrind,", (kind) => {
  beforeAll(() => build(kind));

  test("gives the process no descriptor but the three, no ignored and no blocked signal", async () => {
    const command = "ls /proc/self/fd > fds; grep -E '^Sig(Blk|Ign)' /proc/self/status > signals";
    await using run = Run.start(kind, {
      command,
      wrapper: ["sh", "-c", 'trap "" PIPE HUP INT; exec 9< /dev/null; exec "$@"', "sh"],
    });
    await run.exited();
    // The fourth is the directory that ls reads.
    expect(run.read("fds").trim().split("\n")).toHaveLength(4);
    // 6 is what a shell does to its background commands, as our stand-in for a runtime is one.
    expect(run.read("signals")).toMatch(/^SigBlk:\t0{16}\nSigIgn:\t0{15}6\n$/);
  });

  test("says which runtime is not there", async () => {
    await using run = Run.start(kind, { argv: ["/nonexistent/crun"] });
    expect(await run.lines.next("failed")).toBe("failed /nonexistent/crun: No such file or directory");
  });
});

describe("the release monitor", () => {
  beforeAll(() => build("release"));

  test("has its name, a session of its own, and no descriptor of its parent's but the pipes", async () => {
    await using run = Run.start("release", {
      command: "while ! [ -e finish ]; do sleep 0.02; done",
      wrapper: ["sh", "-c", 'exec 9< /dev/null; exec "$@"', "sh"],
    });
    await run.started();
    const proc = `/proc/${run.monitor.pid}`;
    const fields = readFileSync(`${proc}/stat`, "utf8").split(" ");
    expect(fields[1]).toBe("(tare-monitor)");
    expect(Number(fields[5])).toBe(run.monitor.pid);
    const targets = readdirSync(`${proc}/fd`).map((fd) => readlinkSync(`${proc}/fd/${fd}`));
    expect(targets.filter((target) => target === "/dev/null")).toHaveLength(2);
    writeFileSync(run.path("finish"), "");
    await run.exited();
  });

  test.each([
    ["256 KiB written to, after much output", "seq 1 200000", /^Private_Dirty:\s+(\d+) kB$/gm, 256],
    ["half a MiB in all, its code included, while little happens", "seq 1 10", /^Private_\w+:\s+(\d+) kB$/gm, 512],
  ])("keeps for itself less than %s", async (_what, output, kind, most) => {
    const command = `${output}; while ! [ -e finish ]; do sleep 0.02; done`;
    await using run = Run.start("release", { command, flags: ["--log", "DIR/log"] });
    await run.started();
    while (!existsSync(run.path("log")) || !/ \d+0\n$/.test(run.read("log"))) await Bun.sleep(20);
    const rollup = readFileSync(`/proc/${run.monitor.pid}/smaps_rollup`, "utf8");
    expect([...rollup.matchAll(kind)].reduce((sum, [, kilobytes]) => sum + Number(kilobytes), 0)).toBeLessThan(most);
    writeFileSync(run.path("finish"), "");
    await run.exited();
  });
});
