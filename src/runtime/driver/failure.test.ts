import { expect, test } from "bun:test";
import { classifyFailure } from "./failure.ts";

const CREATE =
  "failed to create task for container: failed to create shim task: OCI runtime create failed: crun create failed: unable to start container process: error during container init: ";
const EXEC = "OCI runtime exec failed: exec failed: unable to start container process: ";
const HINT =
  ": Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type";

/** What the runtimes say, and what Docker 28.5 says in the same place. */
test.each([
  [
    "executable file `nosuch` not found in $PATH: No such file or directory",
    "nosuch",
    127,
    'exec: "nosuch": executable file not found in $PATH',
  ],
  [
    "executable file `./nosuch` not found in $PATH: No such file or directory",
    "./nosuch",
    127,
    'exec: "./nosuch": stat ./nosuch: no such file or directory',
  ],
  ["open executable: Permission denied", "/etc/passwd", 126, 'exec: "/etc/passwd": permission denied'],
  ["open executable: Operation not permitted", "/etc", 126, 'exec: "/etc": is a directory: permission denied'],
  ["open executable: Operation not permitted", "", 127, 'exec: "": executable file not found in $PATH'],
  ["open executable: Not a directory", "/a/b", 127, `exec: "/a/b": not a directory${HINT}`],
  ["chdir `/etc/passwd`: Not a directory", "pwd", 127, `mkdir /etc/passwd: not a directory${HINT}`],
  ["mount `a` to `b`: Invalid argument", "pwd", 128, "mount `a` to `b`: Invalid argument"],
  [
    "writing file `/sys/fs/cgroup/x`: No such file or directory",
    "pwd",
    127,
    "writing file `/sys/fs/cgroup/x`: No such file or directory",
  ],
  [
    'runc run failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
    "nosuch",
    127,
    'exec: "nosuch": executable file not found in $PATH',
  ],
  [
    "runc run failed: unable to start container process: error during container init: mkdir /x: not a directory",
    "pwd",
    127,
    `mkdir /x: not a directory${HINT}`,
  ],
  ["runc run failed: Cwd must be an absolute path", "pwd", 128, "Cwd must be an absolute path"],
])("a container's %p for %p", (words, command, exitCode, detail) => {
  const context = { runtime: "crun", kind: "container", command } as const;
  expect(classifyFailure(words, context)).toEqual({ exitCode, message: `${CREATE}${detail}` });
});

test.each([
  [
    "executable file `nosuch` not found in $PATH: No such file or directory",
    "nosuch",
    127,
    'exec: "nosuch": executable file not found in $PATH',
  ],
  ["open executable: Permission denied", "/etc/passwd", 126, 'exec: "/etc/passwd": permission denied'],
  [
    "chdir `/nodir`: No such file or directory",
    "pwd",
    127,
    'chdir to cwd ("/nodir") set in config.json failed: no such file or directory',
  ],
  [
    "chdir `/etc/passwd`: Not a directory",
    "pwd",
    127,
    `chdir to cwd ("/etc/passwd") set in config.json failed: not a directory${HINT}`,
  ],
  [
    'exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH',
    "nosuch",
    127,
    'exec: "nosuch": executable file not found in $PATH',
  ],
])("an exec session's %p for %p", (words, command, exitCode, detail) => {
  const context = { runtime: "crun", kind: "exec", command } as const;
  expect(classifyFailure(words, context)).toEqual({ exitCode, message: `${EXEC}${detail}` });
});

test("the runtime is called by its own name", () => {
  const context = { runtime: "runc", kind: "container", command: "x" } as const;
  expect(classifyFailure("boom", context).message).toContain("OCI runtime create failed: runc create failed: ");
});

test("a name with control characters cannot drive the terminal that the error is shown on", () => {
  const words =
    "executable file `\u001b]52;c;eA==\u0007\u009b2J\u202e\n` not found in $PATH: No such file or directory";
  const { message } = classifyFailure(words, { runtime: "crun", kind: "exec", command: "" });
  expect(message).toEndWith('exec: "\\x1b]52;c;eA==\\x07\\u009b2J\\u202e\\x0a": executable file not found in $PATH');
});
