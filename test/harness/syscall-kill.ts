/** Kills an engine at a chosen system call: strace attaches to it and sends SIGKILL instead of letting the call through. */

/** Calls that change something, so that dying at each of them once is dying at every step. */
const CHANGING_CALLS = [
  "mkdir",
  "mkdirat",
  "rmdir",
  "unlink",
  "unlinkat",
  "rename",
  "renameat",
  "renameat2",
  "symlink",
  "symlinkat",
  "link",
  "linkat",
  "mount",
  "umount2",
  "fsconfig",
  "fsmount",
  "move_mount",
  "pwrite64",
  "write",
  "writev",
  "sendto",
  "sendmsg",
  "connect",
  "bind",
  "fchmod",
  "fchown",
  "chmod",
  "ftruncate",
  "fsync",
  "fdatasync",
  "vfork",
  "clone",
  "clone3",
  "fork",
  "execve",
  "setns",
  "unshare",
  "pidfd_send_signal",
  "kill",
] as const;

/**
 * Resolves once strace is attached to all threads of `pid`. The `nth` changing call of a thread from then on is its last. Returns how to
 * let go; strace is killed then, as it sometimes waits for ever for a process that it has killed itself.
 */
export async function killAtCall(pid: number, nth: number): Promise<() => Promise<void>> {
  const calls = CHANGING_CALLS.join(",");
  const inject = `inject=${calls}:signal=SIGKILL:when=${nth}`;
  const strace = Bun.spawn(
    ["strace", "-f", "-p", String(pid), "-e", `trace=${calls}`, "-e", inject, "-o", "/dev/null"],
    {
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const reader = strace.stderr.getReader();
  let said = "";
  while (!said.includes("attached")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`strace did not attach to ${pid}: ${said}`);
    said += Buffer.from(value).toString();
  }
  void drain(reader);
  return async () => {
    strace.kill("SIGKILL");
    await strace.exited;
  };
}

async function drain(reader: { read(): Promise<{ done: boolean }> }): Promise<void> {
  while (!(await reader.read()).done);
}
