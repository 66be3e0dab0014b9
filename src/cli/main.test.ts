/** Whole command lines: help, and errors in docker's shape with docker's exit codes (compared with docker 28.2). */
import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { COMMANDS, GROUPS } from "./catalog.ts";
import type { Io } from "./io.ts";
import { runCli } from "./main.ts";

/** Runs a line on streams that remember, with no engine to reach. */
async function run(line: string): Promise<{ code: number; out: string; err: string }> {
  const said = { out: "", err: "" };
  const into = (key: "out" | "err") => ({
    write: async (bytes: string | Uint8Array) => {
      said[key] += typeof bytes === "string" ? bytes : Buffer.from(bytes).toString();
    },
  });
  const io: Io = {
    stdin: (async function* (): AsyncGenerator<Uint8Array> {})(),
    stdout: into("out"),
    stderr: into("err"),
    isTerminal: () => false,
    terminalSize: () => undefined,
    enterRawMode: () => ({ [Symbol.dispose]: () => undefined }),
    onSignal: () => ({ [Symbol.dispose]: () => undefined }),
  };
  const nowhere = `${tmpdir()}/no-engine-${process.pid}`;
  const env = {
    host: `unix://${nowhere}/other.sock`,
    root: nowhere,
    run: nowhere,
    engineCommand: ["false"],
    configDir: "/nowhere",
    variables: {},
    cwd: "/",
    version: "1.2.3",
  };
  return { code: await runCli(line === "" ? [] : line.split(" "), env, io), ...said };
}

const usage = (path: string, rest: string, hint = "Run"): string =>
  `Usage:  ${path} ${rest}\n\n${hint} '${path} --help' for more information\n`;

describe("errors", () => {
  const RUN = "[OPTIONS] IMAGE [COMMAND] [ARG...]";
  test.each([
    ["run", 1, `tare: 'tare run' requires at least 1 argument\n\n${usage("tare run", RUN, "See")}`],
    [
      "container run",
      1,
      `tare: 'tare container run' requires at least 1 argument\n\n${usage("tare container run", RUN, "See")}`,
    ],
    [
      "exec a",
      1,
      `tare: 'tare exec' requires at least 2 arguments\n\n${usage("tare exec", "[OPTIONS] CONTAINER COMMAND [ARG...]", "See")}`,
    ],
    ["attach a b", 1, `tare: 'tare attach' requires 1 argument\n\n${usage("tare attach", "[OPTIONS] CONTAINER")}`],
    ["run --nope", 125, `unknown flag: --nope\n\n${usage("tare run", RUN)}`],
    ["run -m", 125, `flag needs an argument: 'm' in -m\n\n${usage("tare run", RUN)}`],
    ["--nope", 125, `unknown flag: --nope\n\n${usage("tare", "[OPTIONS] COMMAND [ARG...]")}`],
    ["nope", 1, "tare: unknown command: tare nope\n\nRun 'tare --help' for more information\n"],
    ["toString", 1, "tare: unknown command: tare toString\n\nRun 'tare --help' for more information\n"],
    [
      "container nope",
      1,
      "tare: unknown command: tare container nope\n\nUsage:  tare container\n\nRun 'tare container --help' for more information\n",
    ],
    ["run --pid x busybox", 125, "tare: --pid: invalid PID mode\n\nRun 'tare run --help' for more information\n"],
    [
      "run --pull x busybox",
      125,
      `tare: invalid pull option: 'x': must be one of "always", "missing" or "never"\n\nRun 'tare run --help' for more information\n`,
    ],
    ["run -d -a stdout busybox", 1, "conflicting options: cannot specify both --attach and --detach\n"],
    ["run -it busybox", 1, "the input device is not a TTY\n"],
    ["exec -it x sh", 1, "the input device is not a TTY\n"],
    ["start -a a b", 1, "you cannot start and attach multiple containers at once\n"],
    ["-H tcp://1.2.3.4:1 start a", 1, "unable to parse host `tcp://1.2.3.4:1`: only unix:// sockets are supported\n"],
  ])("of tare %s", async (line, code, err) => {
    expect(await run(line)).toEqual({ code, err, out: "" });
  });

  test("an engine that cannot be reached is named", async () => {
    const { code, err } = await run("start a");
    expect(code).toBe(1);
    expect(err).toMatch(/^Cannot connect to the Tare engine at unix:\/\/.*\/other\.sock\. Is the engine running\?\n$/);
  });

  test("for run it is a failure of the engine: exit code 125, with a hint", async () => {
    const { code, err } = await run("run busybox");
    expect(code).toBe(125);
    expect(err).toMatch(
      /^tare: Cannot connect to the Tare engine at .*\n\nRun 'tare run --help' for more information\n$/,
    );
  });

  test("control characters in what the user typed do not reach the terminal", async () => {
    expect((await run("\x1b]52;c;x\x07")).err).toStartWith("tare: unknown command: tare \\x1b]52;c;x\\x07\n");
  });
});

describe("help", () => {
  test.each([["--help"], ["help"], ["-h"], [""]])("tare %s lists the commands", async (line) => {
    const { code, out } = await run(line);
    expect(code).toBe(0);
    expect(out).toStartWith("Usage:  tare [OPTIONS] COMMAND\n");
    expect(out).toContain("\n  run         Create and run a new container from an image\n");
    expect(out).toContain("\n  -H, --host url           Engine socket to connect to\n");
  });

  test("of a group lists its commands once", async () => {
    const { out } = await run("container");
    expect(out).toStartWith("Usage:  tare container COMMAND\n\nManage containers\n\nCommands:\n");
    expect(out.match(/^ {2}run /gm)).toHaveLength(1);
  });

  test.each([["exec --help"], ["help exec"]])("tare %s explains its flags", async (line) => {
    expect((await run(line)).out).toBe(
      [
        "Usage:  tare exec [OPTIONS] CONTAINER COMMAND [ARG...]",
        "",
        "Execute a command in a running container",
        "",
        "Aliases:",
        "  tare container exec, tare exec",
        "",
        "Options:",
        "  -d, --detach               Detached mode: run command in the background",
        "      --detach-keys string   Override the key sequence for detaching a",
        "                             container",
        "  -e, --env list             Set environment variables",
        "      --env-file list        Read in a file of environment variables",
        "  -i, --interactive          Keep STDIN open even if not attached",
        "      --privileged           Give extended privileges to the command",
        "  -t, --tty                  Allocate a pseudo-TTY",
        "  -u, --user string          Username or UID (format:",
        '                             "<name|uid>[:<group|gid>]")',
        "  -w, --workdir string       Working directory inside the container",
        "",
      ].join("\n"),
    );
  });

  test("a command's own arguments are not taken for flags", async () => {
    expect((await run("exec x sh --help")).err).toStartWith("Cannot connect");
  });

  test("the version is printed", async () => {
    expect(await run("--version")).toEqual({ code: 0, out: "Tare version 1.2.3\n", err: "" });
  });
});

test("every command of the catalog loads, and every group names commands that exist", async () => {
  for (const entry of Object.values(COMMANDS)) expect((await entry.load()).command.usage).toBeString();
  for (const { members } of Object.values(GROUPS)) {
    for (const key of Object.values(members)) expect(COMMANDS).toHaveProperty([key]);
  }
});
