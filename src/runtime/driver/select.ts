/** Which runtimes there are and whether they can run here: crun first, runc where crun cannot, others by their configured names. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { invalidParameter, unavailable } from "../../base/errors.ts";
import type { CgroupLayout } from "../../kernel/cgroup-layout.ts";
import { createCrun } from "./crun.ts";
import { type Driver, type DriverSettings } from "./driver.ts";
import { createRunc } from "./runc.ts";

export interface RuntimeCommand {
  readonly path: string;
  readonly args: readonly string[];
}

export interface DriversDeps {
  /** Runtimes keep their state in directories below. */
  readonly run: string;
  /** By name, from the configuration. */
  readonly runtimes: Readonly<Record<string, RuntimeCommand>>;
  /** The configured default; undefined chooses. */
  readonly defaultRuntime: string | undefined;
  /** As in PATH: where programs without a slash are looked for. */
  readonly searchPath: string;
  readonly cgroups: () => CgroupLayout;
}

export interface Drivers {
  readonly names: readonly string[];
  /** The configured default or the first that can run here; "crun" when none can. */
  readonly defaultName: string;
  /** Throws invalidParameter for an unknown name and unavailable for one that cannot run here. */
  get(name: string): Driver;
  /** For cleaning up: as `get`, but does not ask whether it could run. */
  known(name: string): Driver;
}

interface Candidate {
  driver(): Driver;
  /** Undefined once it has been seen to work; else why it cannot and what to do. */
  obstacle(): string | undefined;
}

const PREFERENCE = ["crun", "runc"];
const BUILT_IN: Readonly<Record<string, RuntimeCommand>> = {
  crun: { path: "crun", args: [] },
  runc: { path: "runc", args: [] },
};

export function createDrivers(deps: DriversDeps): Drivers {
  const commands = Object.entries({ ...BUILT_IN, ...deps.runtimes });
  const candidates = new Map(commands.map(([name, command]) => [name, createCandidate(name, command, deps)]));
  const find = (name: string): Candidate => {
    const candidate = candidates.get(name === "" ? defaultName() : name);
    if (candidate === undefined) throw invalidParameter(`unknown or invalid runtime name: ${name}`);
    return candidate;
  };
  const obstacleOf = (name: string): string | undefined => candidates.get(name)?.obstacle();
  const defaultName = (): string =>
    deps.defaultRuntime ?? PREFERENCE.find((name) => obstacleOf(name) === undefined) ?? "crun";
  return {
    names: commands.map(([name]) => name),
    get defaultName() {
      return defaultName();
    },
    known: (name) => find(name).driver(),
    get(name) {
      const candidate = find(name);
      const obstacle = candidate.obstacle();
      if (obstacle === undefined) return candidate.driver();
      // Nothing was chosen because nothing works: each way to mend that is worth knowing.
      const all = PREFERENCE.map(obstacleOf);
      const none = !all.includes(undefined) && deps.defaultRuntime === undefined;
      throw unavailable(`no container can be started: ${none ? all.join("; ") : obstacle}`);
    },
  };
}

function createCandidate(name: string, { path, args }: RuntimeCommand, deps: DriversDeps): Candidate {
  const isCrun = name === "crun";
  let driver: Driver | undefined;
  let works = false;
  /** Looked for until it is found: it may be installed while we run. */
  const find = (): string | undefined =>
    path.includes("/") ? path : (Bun.which(path, { PATH: deps.searchPath }) ?? undefined);
  const create = (program: string): Driver => {
    const settings: DriverSettings = { name, command: [program, ...args], stateDir: join(deps.run, name) };
    return isCrun ? createCrun(settings) : createRunc(settings);
  };
  return {
    driver() {
      const program = driver === undefined ? find() : undefined;
      if (program !== undefined) driver = create(program);
      return driver ?? create(path);
    },
    obstacle() {
      if (works) return undefined;
      const obstacle = (isCrun ? hybridObstacle(deps.cgroups()) : undefined) ?? programObstacle(name, find(), args);
      works = obstacle === undefined;
      return obstacle;
    },
  };
}

function programObstacle(name: string, program: string | undefined, args: readonly string[]): string | undefined {
  if (program === undefined || !existsSync(program)) {
    return name in BUILT_IN ? `${name} is not installed: apt install ${name}` : `the runtime ${name} is not there`;
  }
  const command = [program, ...args, "--version"];
  const { exitCode } = Bun.spawnSync(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  return exitCode === 0 ? undefined : `${program} does not run: "${command.join(" ")}" ends with ${exitCode}`;
}

/** crun refuses version 1 controllers while the version 2 tree beside them owns any (crun cgroup.c, libcrun_cgroup_enter). */
function hybridObstacle({ v1, v2 }: CgroupLayout): string | undefined {
  if (v1.size === 0 || v2 === undefined) return undefined;
  const controllers = readFileSync(join(v2, "cgroup.controllers"), "utf8").trim();
  if (controllers === "") return undefined;
  const [first = ""] = controllers.split(" ");
  const directory = join(v2, "..", first);
  return (
    `crun needs every cgroup controller in version 1 or every one in version 2, and "${controllers}" is apart: ` +
    `mkdir -p ${directory} && mount -t cgroup -o ${first} cgroup ${directory}`
  );
}
