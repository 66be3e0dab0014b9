/** Capabilities and security options (moby v28 oci/caps and daemon_unix.go, parseSecurityOpt). */
import { type EngineError, invalidParameter, systemError } from "../../base/errors.ts";
import type { HostConfig } from "../host-config.ts";

/** capabilities(7). */
const CAPABILITIES: ReadonlySet<string> = new Set(
  `AUDIT_CONTROL AUDIT_READ AUDIT_WRITE BLOCK_SUSPEND BPF CHECKPOINT_RESTORE CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER
   FSETID IPC_LOCK IPC_OWNER KILL LEASE LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE
   NET_BROADCAST NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE
   SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG WAKE_ALARM`
    .split(/\s+/)
    .map((name) => `CAP_${name}`),
);
const KEYS = new Set(["label", "apparmor", "seccomp", "no-new-privileges"]);
const BOOLEANS = new Set(["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"]);

export function checkSecurity({ CapAdd, CapDrop, SecurityOpt }: HostConfig): void {
  checkCapabilities("CapAdd", CapAdd ?? []);
  checkCapabilities("CapDrop", CapDrop ?? []);
  for (const option of SecurityOpt ?? []) checkSecurityOption(option);
}

function checkCapabilities(field: string, names: readonly string[]): void {
  for (const given of names) {
    const upper = given.toUpperCase();
    const name = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
    if (upper !== "ALL" && !CAPABILITIES.has(name)) {
      throw invalidParameter(`invalid ${field}: unknown capability: ${JSON.stringify(name)}`);
    }
  }
}

function checkSecurityOption(option: string): void {
  if (option === "no-new-privileges" || option === "disable") return;
  const [, key = "", value = ""] = /^([^=:]+)[=:](.*)$/s.exec(option) ?? [];
  if (key === "") throw invalidOption(1, option);
  if (!KEYS.has(key) || (key === "no-new-privileges" && !BOOLEANS.has(value))) throw invalidOption(2, option);
}

function invalidOption(stage: 1 | 2, option: string): EngineError {
  return systemError(`invalid --security-opt ${stage}: ${JSON.stringify(option)}`);
}
