import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, Run, readAll, readExactly, readUntil } from "./harness.ts";

const root = mkdtempSync(join(tmpdir(), "tare-crun-"));
const rootfs = join(root, "rootfs");
let containers = 0;

beforeAll(() => {
  mkdirSync(join(rootfs, "bin"), { recursive: true });
  cpSync("/bin/busybox", join(rootfs, "bin/busybox"));
});
afterAll(() => rmSync(root, { recursive: true }));

const crun = (...args: readonly string[]): string[] => ["crun", "--root", join(root, "state"), ...args];
const logging = ["--log", "runtime.log", "--log-format", "json"];

interface Container extends AsyncDisposable {
  readonly id: string;
  readonly run: Run;
}

interface Wish {
  readonly shell: string;
  readonly terminal?: boolean;
  readonly memoryBytes?: number;
  readonly flags?: readonly string[];
}

/** Runs the shell command in a container whose bundle is the monitor's directory. */
function start(kind: "release" | "asan", { shell, terminal = false, memoryBytes, flags = [] }: Wish): Container {
  const id = `tare-native-${process.pid}-${containers++}`;
  const config = JSON.stringify({
    ociVersion: "1.0.2",
    process: {
      terminal,
      user: { uid: 0, gid: 0 },
      args: ["/bin/busybox", "sh", "-c", shell],
      env: ["PATH=/bin"],
      cwd: "/",
    },
    root: { path: rootfs },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs" },
      { destination: "/dev/pts", type: "devpts", source: "devpts", options: ["newinstance", "ptmxmode=0666"] },
    ],
    linux: {
      cgroupsPath: `/${id}`,
      namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
      ...(memoryBytes === undefined ? {} : { resources: { memory: { limit: memoryBytes, swap: memoryBytes } } }),
    },
  });
  const argv = crun(...logging, "run", "--detach", "--bundle", ".", "--pid-file", "pid", ...consoleFlags(terminal), id);
  const wrapper = ["sh", "-c", `cat > DIR/config.json <<'END'\n${config}\nEND\nexec "$@"`, "sh"];
  const run = Run.start(kind, { argv, wrapper, flags: [...(terminal ? ["--terminal"] : []), ...flags] });
  return {
    id,
    run,
    [Symbol.asyncDispose]: async () => {
      await Bun.spawn(crun("delete", "--force", id), { stderr: "ignore" }).exited;
      await run[Symbol.asyncDispose]();
    },
  };
}

const consoleFlags = (terminal: boolean): string[] => (terminal ? ["--console-socket", "console.sock"] : []);

function exec(kind: "release" | "asan", { id }: Container, { shell, terminal = false, flags = [] }: Wish): Run {
  const argv = crun(
    ...logging,
    "exec",
    "--detach",
    "--pid-file",
    "pid",
    ...consoleFlags(terminal),
    ...(terminal ? ["--tty"] : []),
    id,
    "/bin/busybox",
    "sh",
    "-c",
    shell,
  );
  return Run.start(kind, { argv, flags: [...(terminal ? ["--terminal"] : []), ...flags] });
}

describe.each(["release", "asan"] as const)("the %s monitor with crun", (kind) => {
  beforeAll(() => build(kind));

  test("logs a container and gives its exit code", async () => {
    await using container = start(kind, { shell: "echo out; echo err >&2; exit 3", flags: ["--log", "DIR/log"] });
    expect((await container.run.exited()).code).toBe(3);
    expect(container.run.logged().toSorted()).toEqual(["stderr F err", "stdout F out"]);
  });

  test("passes on why a container cannot start, in crun's words", async () => {
    await using container = start(kind, { shell: "", flags: ["--console-size", "1x1"] });
    const missing = exec(kind, container, { shell: "" });
    await container.run.exited();
    await using run = missing;
    expect(await run.lines.next("failed")).toContain('"level":"error"');
  });

  test("gives 137 for a container that is killed, and ends with it", async () => {
    await using container = start(kind, { shell: "while :; do busybox sleep 1; done" });
    process.kill(await container.run.started(), "SIGKILL");
    expect((await container.run.exited()).code).toBe(137);
  });

  test("runs exec sessions beside it, with their own input and output", async () => {
    await using container = start(kind, { shell: "while :; do busybox sleep 1; done" });
    const pid = await container.run.started();
    await using session = exec(kind, container, {
      shell: "busybox cat; exit 5",
      flags: ["--stdin", "--stdin-once", "--hold"],
    });
    await session.lines.next("listening");
    const client = await session.attach("1 1 1");
    session.release();
    await client.write(Buffer.from("hello"));
    client.end();
    expect((await readAll(client)).subarray(8).toString()).toBe("hello");
    expect((await session.exited()).code).toBe(5);
    process.kill(pid, "SIGKILL");
    await container.run.exited();
  });

  test("serves a terminal raw, of the size that it was told first and later", async () => {
    // The process may run before the monitor has its terminal; the engine tells crun the size too, so that nobody sees that.
    const sized = 'until [ -n "$(busybox stty size 2>/dev/null)" ]; do :; done; busybox stty size';
    const shell = `${sized}; busybox stty -echo; read line; echo got $line; busybox stty size; exit 6`;
    await using container = start(kind, {
      shell,
      terminal: true,
      flags: ["--console-size", "33x77", "--log", "DIR/log", "--hold"],
    });
    const { run } = container;
    await run.started();
    const client = await run.attach("1 1 1");
    run.release();
    expect(await readUntil(client, "33 77\r\n")).toBe("33 77\r\n");
    expect(await run.ask("resize 10 20")).toBe("ok\n");
    await client.write(Buffer.from("text\n"));
    expect((await readAll(client)).toString()).toEndWith("got text\r\n10 20\r\n");
    expect((await run.exited()).code).toBe(6);
    expect(run.logged().at(-1)).toBe("stdout F 10 20\r");
    expect(existsSync(run.path("console.sock"))).toBe(false);
  });

  test("keeps a terminal that its process closes and opens again", async () => {
    const shell = "exec 0<&- 1>&- 2>&-; busybox sleep 0.1; exec 1>/dev/pts/0; echo again";
    await using container = start(kind, { shell, terminal: true, flags: ["--log", "DIR/log"] });
    await container.run.exited();
    expect(container.run.logged()).toEqual(["stdout F again\r"]);
  });

  test("gives an exec session a terminal, and interrupts it by ctrl-c", async () => {
    await using container = start(kind, { shell: "while :; do busybox sleep 1; done" });
    const pid = await container.run.started();
    await using session = exec(kind, container, {
      shell: "trap 'exit 9' INT; echo ready; while :; do busybox sleep 0.1; done",
      terminal: true,
      flags: ["--hold"],
    });
    await session.started();
    const client = await session.attach("1 1 0");
    session.release();
    expect((await readExactly(client, 7)).toString()).toBe("ready\r\n");
    await client.write(Buffer.from("\x03"));
    expect((await session.exited()).code).toBe(9);
    process.kill(pid, "SIGKILL");
    await container.run.exited();
  });

  test("tells an out-of-memory kill when it happens, of a child as well, and in the end", async () => {
    const hog = "busybox dd if=/dev/zero of=/dev/null bs=64M count=1";
    const id = `tare-native-${process.pid}-${containers}`;
    await using container = start(kind, {
      shell: `busybox sleep 0.2; ${hog}; while :; do busybox sleep 1; done`,
      memoryBytes: 16 << 20,
      flags: oomFlags(id),
    });
    const pid = await container.run.started();
    expect(await container.run.lines.next("oom")).toBe("oom");
    process.kill(pid, "SIGKILL");
    expect(await container.run.exited()).toMatchObject({ code: 137, oom: 1 });
  });

  test("knows of a kill that came before it could watch", async () => {
    const id = `tare-native-${process.pid}-${containers}`;
    await using container = start(kind, {
      shell: "exec busybox dd if=/dev/zero of=/dev/null bs=64M count=1",
      memoryBytes: 16 << 20,
      flags: oomFlags(id),
    });
    expect(await container.run.exited()).toMatchObject({ code: 137, oom: 1 });
  });
});

function oomFlags(id: string): string[] {
  const memory = "/sys/fs/cgroup/memory";
  return existsSync(memory) ? ["--oom-v1", `${memory}/${id}`] : ["--oom-v2", `/sys/fs/cgroup/${id}`];
}
