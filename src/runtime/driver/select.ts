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
  readonly driver: Driver;
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
  const isUsable = (name: string): boolean => candidates.get(name)?.obstacle() === undefined;
  const defaultName = (): string => deps.defaultRuntime ?? PREFERENCE.find(isUsable) ?? "crun";
  return {
    names: commands.map(([name]) => name),
    get defaultName() {
      return defaultName();
    },
    known: (name) => find(name).driver,
    get(name) {
      const candidate = find(name);
      const obstacle = candidate.obstacle();
      if (obstacle !== undefined) throw unavailable(explain(obstacle, name, deps));
      return candidate.driver;
    },
  };
}

const explain = (obstacle: string, name: string, { defaultRuntime }: DriversDeps): string =>
  PREFERENCE.includes(name) && defaultRuntime === undefined
    ? `no container can be started: ${obstacle} (or install runc: apt install runc)`
    : `no container can be started: ${obstacle}`;

function createCandidate(name: string, { path, args }: RuntimeCommand, deps: DriversDeps): Candidate {
  const program = path.includes("/") ? path : (Bun.which(path, { PATH: deps.searchPath }) ?? path);
  const settings: DriverSettings = { name, command: [program, ...args], stateDir: join(deps.run, name) };
  const isCrun = name === "crun";
  let works = false;
  return {
    driver: isCrun ? createCrun(settings) : createRunc(settings),
    obstacle() {
      if (works) return undefined;
      const obstacle = (isCrun ? hybridObstacle(deps.cgroups()) : undefined) ?? programObstacle(name, settings.command);
      works = obstacle === undefined;
      return obstacle;
    },
  };
}

function programObstacle(name: string, command: readonly string[]): string | undefined {
  const [program = name] = command;
  if (!existsSync(program)) return `${name} is not installed: apt install ${name}`;
  const { exitCode } = Bun.spawnSync([...command, "--version"], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  return exitCode === 0 ? undefined : `${program} does not run: "${program} --version" ends with ${exitCode}`;
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
