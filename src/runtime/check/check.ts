/** What is refused when a container is created. What else Docker refuses, it refuses at the start: spec/ throws that. */
import { invalidParameter } from "../../base/errors.ts";
import type { ContainerConfig } from "../../wire/container.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import type { Host } from "../host.ts";
import { decodeProfile } from "../seccomp/decode.ts";
import { boundingSet } from "../spec/capabilities.ts";
import { type Mode, parseMode } from "../spec/modes.ts";
import { toRlimits } from "../spec/rlimits.ts";
import { parseSecurityOptions } from "../spec/security-options.ts";
import { type Adapted, adaptLimits, checkLimits } from "./limits.ts";

/** Throws invalidParameter in Docker's words. Touches nothing. */
export function checkHostConfig(config: ContainerConfig, hostConfig: HostConfig, host: Host): Adapted {
  checkProcess(config);
  checkModes(hostConfig);
  checkPolicies(hostConfig, host);
  checkLimits(hostConfig, host);
  return adaptLimits(hostConfig, host);
}

function checkProcess({ WorkingDir, Env }: ContainerConfig): void {
  if (WorkingDir !== "" && !WorkingDir.startsWith("/")) {
    throw invalidParameter(`the working directory '${WorkingDir}' is invalid, it needs to be an absolute path`);
  }
  const nameless = Env.find((entry) => entry === "" || entry.startsWith("="));
  if (nameless !== undefined) throw invalidParameter(`invalid environment variable: ${nameless}`);
}

const IPC: readonly Mode["kind"][] = ["private", "shareable", "host", "none", "container"];
const PID: readonly Mode["kind"][] = ["private", "host", "container"];
const OWN_OR_HOST: readonly Mode["kind"][] = ["private", "host"];

function checkModes(hostConfig: HostConfig): void {
  const { IpcMode, PidMode, UTSMode, CgroupnsMode, Isolation } = hostConfig;
  const decode = (text: string, kinds: readonly Mode["kind"][], what: string): Mode => {
    const mode = parseMode(text, kinds);
    if (mode === undefined || (mode.kind === "container" && mode.ref === ""))
      throw invalidParameter(`invalid ${what}: ${text}`);
    return mode;
  };
  decode(IpcMode, IPC, "IPC mode");
  decode(PidMode, PID, "PID mode");
  decode(CgroupnsMode, OWN_OR_HOST, "cgroup namespace mode");
  decode(UTSMode, OWN_OR_HOST, "UTS mode");
  if (Isolation !== "" && Isolation !== "default") {
    throw invalidParameter(`invalid isolation (${Isolation}): linux only supports 'default'`);
  }
}

function checkPolicies(hostConfig: HostConfig, { capabilities }: Host): void {
  const { OomScoreAdj, ShmSize, Annotations = {}, SecurityOpt } = hostConfig;
  if (OomScoreAdj < -1000 || OomScoreAdj > 1000) {
    throw invalidParameter(`Invalid value ${OomScoreAdj}, range for oom score adj is [-1000, 1000]`);
  }
  if (ShmSize < 0) throw invalidParameter("SHM size can not be less than 0");
  if ("" in Annotations) {
    throw invalidParameter("invalid Annotations: the empty string is not permitted as an annotation key");
  }
  boundingSet(hostConfig, capabilities);
  toRlimits(hostConfig.Ulimits);
  const { seccomp } = parseSecurityOptions(SecurityOpt);
  if (seccomp !== undefined && seccomp !== "unconfined") decodeProfile(seccomp);
}
