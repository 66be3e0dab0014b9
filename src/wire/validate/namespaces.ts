/** The mode words of name spaces, cgroups and isolation (moby v28 daemon/daemon_unix.go and runconfig). */
import { invalidParameter } from "../../base/errors.ts";
import type { HostConfig } from "../host-config.ts";

const JOINS = /^container:.+$/;

export function checkNamespaces(host: HostConfig): void {
  const { IpcMode, PidMode, UTSMode, UsernsMode } = host;
  const cgroupns: string = host.CgroupnsMode;
  const isolation = host.Isolation.toLowerCase();
  if (!["", "default"].includes(isolation)) {
    throw invalidParameter(`invalid isolation (${host.Isolation}): linux only supports 'default'`);
  }
  if (!["", "none", "private", "shareable", "host"].includes(IpcMode) && !JOINS.test(IpcMode)) {
    throw invalidParameter(`invalid IPC mode: ${IpcMode}`);
  }
  if (!["", "host"].includes(PidMode) && !JOINS.test(PidMode)) throw invalidParameter(`invalid PID mode: ${PidMode}`);
  if (!["", "host"].includes(UTSMode)) throw invalidParameter(`invalid UTS mode: ${UTSMode}`);
  if (!["", "host"].includes(UsernsMode)) throw invalidParameter(`invalid USER mode: ${UsernsMode}`);
  if (!["", "private", "host"].includes(cgroupns)) {
    throw invalidParameter(`invalid cgroup namespace mode: ${cgroupns}`);
  }
}
