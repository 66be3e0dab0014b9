/** The portable part of a container's configuration (moby v28 daemon/container.go, validateContainerConfig). */
import { type EngineError, invalidParameter } from "../../base/errors.ts";
import { signalNumber } from "../../base/signals.ts";
import type { ContainerConfig, HealthConfig } from "../container.ts";

/** sethostname(2). */
const MAX_HOSTNAME_BYTES = 64;
const UNFIT_FOR_HOSTNAME = /[\s/\p{Cc}]/u;
const MIN_HEALTH_NS = 1_000_000;

export function checkConfig(config: ContainerConfig): void {
  checkWorkingDir(config.WorkingDir);
  checkStopSignal(config.StopSignal ?? "");
  for (const variable of config.Env) checkEnv(variable);
  if (config.Healthcheck !== undefined) checkHealth(config.Healthcheck);
  checkHostname(config.Hostname);
  checkHostname(config.Domainname);
  const texts = [config.User, config.WorkingDir, ...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  for (const text of texts) checkNoNul(text);
}

function checkWorkingDir(path: string): void {
  if (path !== "" && !path.startsWith("/")) {
    throw invalidParameter(`the working directory '${path}' is invalid, it needs to be an absolute path`);
  }
}

/** A variable without "=" takes its value from nowhere and is dropped or unset by the merge; that is allowed. */
function checkEnv(variable: string): void {
  if (variable === "" || variable.startsWith("=")) throw invalidParameter(`invalid environment variable: ${variable}`);
  checkNoNul(variable);
}

function checkStopSignal(signal: string): void {
  if (signal !== "" && signalNumber(signal) === undefined) throw invalidParameter(`invalid signal: ${signal}`);
}

function checkHealth(health: HealthConfig): void {
  for (const name of ["Interval", "Timeout", "StartPeriod", "StartInterval"] as const) {
    const ns = health[name] ?? 0;
    if (ns !== 0 && ns < MIN_HEALTH_NS) throw invalidParameter(`${name} in Healthcheck cannot be less than 1ms`);
  }
  if ((health.Retries ?? 0) < 0) throw invalidParameter("Retries in Healthcheck cannot be negative");
}

/** It is written into /etc/hosts, so space and control characters would be a way to write other lines there. */
function checkHostname(name: string): void {
  if (UNFIT_FOR_HOSTNAME.test(name) || Buffer.byteLength(name) > MAX_HOSTNAME_BYTES) throw invalidHostname(name);
}

function invalidHostname(name: string): EngineError {
  return invalidParameter(`invalid hostname format: ${name}`);
}

/** execve(2) ends its strings at NUL: what follows would silently vanish. */
export function checkNoNul(text: string): void {
  if (text.includes("\0")) throw invalidParameter(`invalid argument: ${JSON.stringify(text)} contains a NUL character`);
}
