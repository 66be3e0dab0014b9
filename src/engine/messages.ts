/** What the engine says when it refuses, in the words of moby v28 (daemon/errors.go, daemon/names.go, container/state.go), which clients match. */
import {
  conflict,
  type EngineError,
  invalidParameter,
  notFound,
  notImplemented,
  notModified,
  systemError,
} from "../base/errors.ts";

interface StartFailure {
  readonly exitCode: number;
  readonly message: string;
}

export const noSuchContainer = (ref: string): EngineError => notFound(`No such container: ${ref}`);
export const noSuchExec = (id: string): EngineError => notFound(`No such exec instance: ${id}`);
export const ambiguousId = (ref: string): EngineError =>
  invalidParameter(`Multiple IDs found with provided prefix: ${ref}`);
export const emptyReference = (): EngineError => invalidParameter("Container name cannot be empty");
export const nameTaken = (name: string, id: string): EngineError =>
  conflict(
    `Conflict. The container name "/${name}" is already in use by container "${id}". You have to remove (or rename) that container to be able to reuse that name.`,
  );
export const invalidName = (name: string): EngineError =>
  invalidParameter(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
export const sameName = (): EngineError =>
  invalidParameter("Renaming a container with the same name as its current name");
export const emptyName = (): EngineError => invalidParameter("Neither old nor new names may be empty");
export const noCommand = (): EngineError => invalidParameter("no command specified");
export const notRunning = (id: string): EngineError => conflict(`container ${id} is not running`);
export const pausedExec = (ref: string): EngineError =>
  conflict(`Container ${ref} is paused, unpause the container before exec`);
export const restartingContainer = (id: string): EngineError =>
  conflict(`Container ${id} is restarting, wait until the container is running`);
/** `exitCode` is what the container or the session is recorded with: 126 and 127 are the client's command. */
export const startFailed = ({ exitCode, message }: StartFailure, cause: unknown): EngineError =>
  (exitCode === 128 ? systemError : invalidParameter)(message, { cause });
export const alreadyStarted = (): EngineError => notModified("container is already running");
export const alreadyStopped = (): EngineError => notModified("container is already stopped");
export const startPaused = (): EngineError => conflict("cannot start a paused container, try unpause instead");
export const startMarked = (): EngineError => conflict("container is marked for removal and cannot be started");
export const notKillable = (ref: string, id: string): EngineError =>
  conflict(`cannot kill container: ${ref}: container ${id} is not running`);
export const alreadyPaused = (id: string): EngineError => conflict(`Container ${id} is already paused`);
export const notPaused = (id: string): EngineError => systemError(`Container ${id} is not paused`);
export const removalInProgress = (id: string): EngineError =>
  conflict(`removal of container ${id} is already in progress`);
export const removeRunning = (ref: string): EngineError =>
  conflict(
    `cannot remove container "${ref}": container is running: stop the container before removing or force remove`,
  );
export const removeAlive = (ref: string, state: "paused" | "restarting"): EngineError =>
  conflict(
    `cannot remove container "${ref}": container is ${state} and must be ${state === "paused" ? "unpaused" : "stopped"} first`,
  );
export const notCommittable = (id: string, state: "dead" | "removing"): EngineError =>
  conflict(`You cannot commit container ${id} which is ${state === "dead" ? "Dead" : "being removed"}`);
export const notExportable = (id: string, state: "dead" | "removing"): EngineError =>
  conflict(`You cannot export container ${id} which is ${state === "dead" ? "Dead" : "being removed"}`);
export const copyMarked = (id: string): EngineError => conflict(`container ${id} is being removed`);
export const attachPaused = (ref: string): EngineError =>
  conflict(`container ${ref} is paused, unpause the container before attach`);
export const attachRestarting = (ref: string): EngineError =>
  conflict(`container ${ref} is restarting, wait until the container is running before attach`);
export const logUnopened = (problem: string): EngineError =>
  systemError(`failed to create task for container: failed to initialize logging driver: ${problem}`);
export const logDriverUnreadable = (): EngineError =>
  notImplemented("configured logging driver does not support reading");
export const invalidSignal = (text: string): EngineError =>
  invalidParameter(
    /^-?[1-9]\d*$/.test(text) ? `the linux daemon does not support signal ${text}` : `invalid signal: ${text}`,
  );
export const execAlreadyRan = (id: string): EngineError => conflict(`exec command ${id} has already run`);
export const execAlreadyRunning = (id: string): EngineError => conflict(`exec command ${id} is already running`);
export const execNotStarted = (): EngineError => invalidParameter("exec process is not started");
export const execEnded = (id: string): EngineError => notFound(`process does not exist ${id}`);
