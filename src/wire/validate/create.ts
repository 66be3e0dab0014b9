/** Whether a request to create a container makes sense, before anything of it is done; in Docker's words, in Docker's order. */
import { invalidParameter } from "../../base/errors.ts";
import type { ContainerCreateRequest, ContainerUpdateRequest } from "../container.ts";
import type { HostConfig } from "../host-config.ts";
import { checkConfig } from "./config.ts";
import { checkLogConfig } from "./log-config.ts";
import { checkMounts } from "./mounts.ts";
import { checkNamespaces } from "./namespaces.ts";
import { checkNetwork } from "./network.ts";
import { checkPort, checkPortBindings } from "./ports.ts";
import { checkResources, checkSwap, type HostLimits } from "./resources.ts";
import { checkRestartPolicy } from "./restart-policy.ts";
import { checkSecurity } from "./security.ts";

const OOM_SCORE_LIMIT = 1000;

/** Throws invalidParameter; returns warnings for the user. */
export function validateCreate(request: ContainerCreateRequest, host: HostLimits = {}): string[] {
  const { hostConfig } = request;
  const warnings = checkNetwork(request);
  checkNamespaces(hostConfig);
  checkConfig(request.config);
  for (const port of Object.keys(request.config.ExposedPorts ?? {})) checkPort(port);
  checkHostConfig(hostConfig);
  checkSwap(hostConfig);
  checkResources(hostConfig, host);
  return warnings;
}

/** Throws invalidParameter. */
export function validateUpdate(request: ContainerUpdateRequest, host: HostLimits = {}): void {
  const { RestartPolicy: policy, ...limits } = request;
  if (policy !== undefined && policy.Name !== "") checkRestartPolicy(policy);
  checkResources(limits, host);
}

function checkHostConfig(host: HostConfig): void {
  if (host.AutoRemove && !["", "no"].includes(host.RestartPolicy.Name)) {
    throw invalidParameter("can't create 'AutoRemove' container with restart policy");
  }
  checkMounts(host);
  checkPortBindings(host.PortBindings);
  checkRestartPolicy(host.RestartPolicy);
  checkSecurity(host);
  checkLogConfig(host.LogConfig);
  if ("" in (host.Annotations ?? {})) {
    throw invalidParameter("invalid Annotations: the empty string is not permitted as an annotation key");
  }
  const score = host.OomScoreAdj;
  if (Math.abs(score) > OOM_SCORE_LIMIT) {
    throw invalidParameter(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
  }
  if (host.ShmSize < 0) throw invalidParameter("SHM size can not be less than 0");
}
