/** Processes by pid and start time, so that a signal never reaches a stranger that was given the same pid. */
import { readFileSync } from "node:fs";
import { hasCode } from "../base/errors.ts";
import { OwnedFd } from "./fd.ts";
import { check, libc } from "./ffi.ts";

const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;

const lib = libc({ syscall: { args: ["i64", "i64", "i64", "ptr", "i64"], returns: "i32" } });

/** Clock ticks from boot to the start of the process; undefined when there is none. Unique together with the pid. */
export function processStartTime(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The second field is the command in parentheses and may hold anything; the 22nd is the 20th after it.
    const field = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return field === undefined ? undefined : Number(field);
  } catch (error) {
    if (hasCode(error, "ENOENT") || hasCode(error, "ESRCH")) return undefined;
    throw error;
  }
}

/**
 * Sends a signal to the process that had this start time; 0 only asks whether it lives. Returns false when it is gone,
 * even if its pid belongs to another process by now.
 */
export function signalProcess(pid: number, startTime: number, signal: number): boolean {
  try {
    using process = new OwnedFd(check("pidfd_open", String(pid), () => lib().syscall(SYS_PIDFD_OPEN, pid, 0, null, 0)));
    // The descriptor pins the process it names; only then is its start time compared.
    if (processStartTime(pid) !== startTime) return false;
    check("pidfd_send_signal", String(pid), () => lib().syscall(SYS_PIDFD_SEND_SIGNAL, process.fd, signal, null, 0));
    return true;
  } catch (error) {
    if (hasCode(error, "ESRCH")) return false;
    throw error;
  }
}
