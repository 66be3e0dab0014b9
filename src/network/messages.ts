/** Why a container cannot be on a network, in the words of moby v28 (runconfig/errors.go). */
import { type EngineError, invalidParameter } from "../base/errors.ts";

export const notHostMode = (): EngineError =>
  invalidParameter("cannot connect container to host network - container must be created in host network mode");
export const inHostMode = (): EngineError =>
  invalidParameter("cannot disconnect container from host network - container was created in host network mode");
export const sharedNamespace = (): EngineError =>
  invalidParameter(
    "container sharing network namespace with another container or host cannot be connected to any other network",
  );
export const noneAndOthers = (): EngineError =>
  invalidParameter(
    "container cannot be connected to multiple networks with one of the networks in private (none) mode",
  );
