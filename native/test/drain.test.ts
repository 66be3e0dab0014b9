import { beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { demultiplex } from "../../src/wire/multiplex.ts";
import { BUILDS, build, endProcess, Run, readAll } from "./harness.ts";

describe.each([...BUILDS])("the %s monitor at the end of the process", (kind) => {
  beforeAll(() => build(kind));

  test("waits for background processes that still write, as long as they have the output open", async () => {
    const flags = ["--log", "DIR/log", "--drain-ms", "60000"];
    await using run = Run.start(kind, { command: "(sleep 0.2; echo late) & echo first", flags });
    await run.exited();
    expect(run.logged()).toEqual(["stdout F first", "stdout F late"]);
  });

  test("gives those that stay silent the time it was told, and no more", async () => {
    const flags = ["--log", "DIR/log", "--drain-ms", "100"];
    await using run = Run.start(kind, { command: "sleep 1000 & echo $! > sleeper; printf first; exit 4", flags });
    expect((await run.exited()).code).toBe(4);
    expect(run.logged()).toEqual(["stdout P first"]);
    const sleeper = Number(run.read("sleeper"));
    expect(existsSync(`/proc/${sleeper}`)).toBe(true);
    endProcess(sleeper);
  });

  test("tells the time when the process ended, not when its output did", async () => {
    await using run = Run.start(kind, { command: "sleep 0.5 &", flags: ["--drain-ms", "60000"] });
    const pid = await run.started();
    while (existsSync(`/proc/${pid}`)) await Bun.sleep(1);
    const gone = Date.now();
    // Seen late, maybe, but never early.
    expect(Date.parse((await run.exited()).time) - gone).toBeLessThan(400);
  });

  test("reads what the process had written, also when the time is over and a child writes on for ever", async () => {
    const flags = ["--log", "DIR/log", "--drain-ms", "0", "--hold"];
    const command = "seq 1 8000; (while echo more >&2; do :; done) 2>&1 & echo $! > writer";
    await using run = Run.start(kind, { command, flags });
    const pid = await run.started();
    while (existsSync(`/proc/${pid}`)) await Bun.sleep(1);
    run.release();
    await run.exited();
    expect(run.logged().slice(0, 8000).at(-1)).toBe("stdout F 8000");
  });

  test("ends an attached client's stream after all output, whether it reads at once or later", async () => {
    await using run = Run.start(kind, { command: "seq 1 200000", flags: ["--hold"] });
    await run.started();
    const clients = [await run.attach("0 1 0"), await run.attach("0 1 1")];
    run.release();
    await run.lines.next("exited").catch(() => undefined);
    const outputs = await Promise.all(clients.map(readAll));
    for (const output of outputs) expect(output.toString("latin1")).toEndWith("\n200000\n");
  });

  test.each([
    ["with a log", ["--log", "DIR/log"]],
    ["without one", []],
  ])(
    "tells the end while a client takes nothing, %s, and gives the client the rest when it does",
    async (_what, log) => {
      const flags = ["--hold", "--drain-ms", "100", ...log];
      await using run = Run.start(kind, { command: "exec seq 1 5000000", flags });
      const pid = await run.started();
      const client = await run.attach("0 1 0");
      run.release();
      const written = await onceStill(pid);
      endProcess(pid);
      expect(await run.lines.next("exited")).toStartWith("exited 137 ");
      const frames = await Array.fromAsync(demultiplex(client.readable));
      const text = Buffer.concat(frames.map(({ payload }) => payload)).toString();
      expect(text.length).toBeGreaterThanOrEqual(written);
      if (log.length > 0) {
        // The last line may have no end in either.
        const logged = run
          .logged()
          .map((record) => record.slice(9))
          .join("\n");
        expect(text.trimEnd()).toBe(logged);
      }
    },
  );

  test("reaps the children that the process has left behind", async () => {
    const command =
      "setsid sh -c 'echo $$ > orphan; while ! [ -e finish ]; do sleep 0.01; done' & sleep 0.1; while ! [ -e over ]; do sleep 0.02; done";
    await using run = Run.start(kind, {
      command: `sh -c '${command.replaceAll("'", "'\\''")}'; while ! [ -e over ]; do sleep 0.02; done`,
    });
    await run.started();
    while (!existsSync(run.path("orphan")) || run.read("orphan") === "") await Bun.sleep(5);
    const orphan = Number(run.read("orphan"));
    writeFileSync(run.path("finish"), "");
    while (existsSync(`/proc/${orphan}`)) await Bun.sleep(5);
    writeFileSync(run.path("over"), "");
    expect((await run.exited()).code).toBe(0);
  });
});

/** The bytes that the process has written once it writes no more, being held back. */
async function onceStill(pid: number): Promise<number> {
  for (let before = -1; ; ) {
    const now = Number(/^wchar: (\d+)$/m.exec(await Bun.file(`/proc/${pid}/io`).text())?.[1]);
    if (now === before && now > 1_000_000) return now;
    before = now;
    await Bun.sleep(200);
  }
}
