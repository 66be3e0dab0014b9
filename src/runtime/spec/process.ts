/** The process part of a spec, for a container's init and for exec sessions. Pure: accounts are handed in. */
import type { ContainerConfig } from "../../wire/container.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import { Refusal } from "../driver/failure.ts";
import { boundingSet, toCapabilitySets } from "./capabilities.ts";
import { toEnvironment } from "./environment.ts";
import { isOwn } from "./modes.ts";
import { INIT_IN_CONTAINER } from "./mounts.ts";
import type { Process } from "./oci.ts";
import { toRlimits } from "./rlimits.ts";
import { parseSecurityOptions } from "./security-options.ts";
import { type Accounts, resolveUser } from "./user.ts";

export interface ProcessContext {
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly accounts: Accounts;
  /** Capabilities that can be given. */
  readonly available: readonly string[];
}

/** What an exec session asks for beside its container's configuration. */
export interface ExecProcess {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly user: string;
  readonly workingDir: string;
  readonly terminal: boolean;
  readonly privileged: boolean;
  readonly consoleSize: readonly [height: number, width: number] | undefined;
}

/** Whether the container's pid 1 is to be a small init: only in a pid namespace of its own does it reap anything. */
export const runsInit = ({ Init, PidMode }: Pick<HostConfig, "Init" | "PidMode">): boolean =>
  Init === true && isOwn(PidMode);

export function toInitProcess({ config, hostConfig, accounts, available }: ProcessContext, hostname: string): Process {
  const identity = resolveUser(config.User, hostConfig.GroupAdd ?? [], accounts);
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  return {
    ...common(hostConfig, config.Tty, hostConfig.ConsoleSize),
    user: { uid: identity.uid, gid: identity.gid, additionalGids: identity.additionalGids },
    args: runsInit(hostConfig) ? [INIT_IN_CONTAINER, "--", ...command] : command,
    env: toEnvironment({ hostname, terminal: config.Tty, home: identity.home, layers: [config.Env] }),
    cwd: config.WorkingDir || "/",
    capabilities: toCapabilitySets(boundingSet(hostConfig, available), identity.uid),
  };
}

export function toExecProcess({ config, hostConfig, accounts, available }: ProcessContext, exec: ExecProcess): Process {
  const identity = resolveUser(exec.user || config.User, hostConfig.GroupAdd ?? [], accounts);
  const bounding = exec.privileged ? available : boundingSet(hostConfig, available);
  const { terminal } = exec;
  const cwd = exec.workingDir || config.WorkingDir || "/";
  if (!cwd.startsWith("/")) throw new Refusal("document", "Cwd must be an absolute path");
  return {
    ...common(hostConfig, terminal, exec.consoleSize),
    user: { uid: identity.uid, gid: identity.gid, additionalGids: identity.additionalGids },
    args: exec.args,
    env: toEnvironment({ hostname: config.Hostname, terminal, home: identity.home, layers: [config.Env, exec.env] }),
    cwd,
    capabilities: toCapabilitySets(bounding, identity.uid),
  };
}

function common(
  hostConfig: HostConfig,
  terminal: boolean,
  [height, width]: readonly [number, number] = [0, 0],
): Pick<Process, "terminal" | "consoleSize" | "rlimits" | "noNewPrivileges" | "oomScoreAdj"> {
  const rlimits = toRlimits(hostConfig.Ulimits);
  return {
    ...(terminal ? { terminal } : {}),
    ...(terminal && height > 0 && width > 0 ? { consoleSize: { height, width } } : {}),
    ...(rlimits.length > 0 ? { rlimits } : {}),
    ...(parseSecurityOptions(hostConfig.SecurityOpt).noNewPrivileges ? { noNewPrivileges: true } : {}),
    oomScoreAdj: hostConfig.OomScoreAdj,
  };
}
