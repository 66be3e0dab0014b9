/** Capabilities in Docker's grammar (moby oci/caps): defaults, additions, drops, ALL, with or without the CAP_ prefix. Pure. */
import { invalidParameter } from "../../base/errors.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import type { Capabilities } from "./oci.ts";

/** By number, capabilities(7). */
const NAMES: readonly string[] =
  `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN
NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF
CHECKPOINT_RESTORE`
    .split(/\s+/)
    .map((name) => `CAP_${name}`);

const DEFAULTS: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
];
const ALL = "ALL";

/** The names of a mask, as /proc/<pid>/status has it in hexadecimal. */
export function namesOfMask(hex: string): readonly string[] {
  const mask = BigInt(`0x${hex}`);
  return NAMES.filter((_name, number) => ((mask >> BigInt(number)) & 1n) === 1n);
}

/** The bounding set of a container. `every` are those the engine can give. Throws invalidParameter for names not among them. */
export function boundingSet(
  { CapAdd, CapDrop, Privileged }: Pick<HostConfig, "CapAdd" | "CapDrop" | "Privileged">,
  every: readonly string[],
): readonly string[] {
  const added = normalize(CapAdd ?? [], "CapAdd", every);
  const dropped = normalize(CapDrop ?? [], "CapDrop", every);
  if (Privileged) return every;
  if (added.includes(ALL)) return every.filter((name) => !dropped.includes(name));
  if (dropped.includes(ALL)) return added;
  return [...new Set([...DEFAULTS.filter((name) => !dropped.includes(name)), ...added])];
}

function normalize(wanted: readonly string[], field: "CapAdd" | "CapDrop", every: readonly string[]): string[] {
  const names = wanted.map((text) => {
    const name = text.toUpperCase();
    if (name === ALL) return ALL;
    const full = name.startsWith("CAP_") ? name : `CAP_${name}`;
    if (!every.includes(full)) throw invalidParameter(`invalid ${field}: unknown capability: "${full}"`);
    return full;
  });
  return [...new Set(names)];
}

/**
 * The sets of a process. Nothing is ever inheritable or ambient (CVE-2022-24769); a user other than root starts with the bounding
 * set alone, which is what execve(2) would leave it.
 */
export function toCapabilitySets(bounding: readonly string[], uid: number): Capabilities {
  return uid === 0 ? { bounding, effective: bounding, permitted: bounding } : { bounding };
}
