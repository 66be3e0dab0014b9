/**
 * What installing and uninstalling consist of. What an installation made stands in its manifest, so that uninstalling takes away
 * exactly that.
 */
import type { Step } from "./steps.ts";
import { serviceUnit, socketUnit } from "./units.ts";

export const GROUP = "tare";
const UNITS = ["tare.socket", "tare.service"];
const UNIT_FOLDER = "/etc/systemd/system";
const DOCKER_SOCKET = "/run/docker.sock";
const COMPLETIONS: Readonly<Record<string, string>> = {
  bash: "share/bash-completion/completions/tare",
  zsh: "share/zsh/site-functions/_tare",
  fish: "share/fish/vendor_completions.d/tare.fish",
};

export interface Target {
  /** Such as /usr/local. */
  readonly prefix: string;
  /** Goes before every path that is written, for packages; "" is this machine itself. */
  readonly destdir: string;
  readonly root: string;
  readonly run: string;
}

/** What the machine is like. */
export interface Machine {
  readonly systemd: boolean;
  /** The command that makes a system group, undefined when the group exists. */
  readonly addGroup: readonly string[] | undefined;
}

export interface Wishes {
  readonly dockerSocket: boolean;
  readonly completions: boolean;
}

export interface Manifest {
  readonly version: 1;
  readonly files: readonly string[];
  readonly madeGroup: boolean;
  readonly units: boolean;
}

export const manifestPath = ({ prefix, destdir }: Target): string => `${destdir}${prefix}/lib/tare/install.json`;

/** `source` is the release binary. In a destination directory nothing is run: whoever unpacks it there does that. */
export function planInstall(source: string, target: Target, machine: Machine, wishes: Wishes): Step[] {
  const { prefix, destdir, root, run } = target;
  const here = destdir === "";
  const binary = `${prefix}/bin/tare`;
  const settings = { binary, root, run, group: GROUP, dockerSocket: wishes.dockerSocket ? DOCKER_SOCKET : undefined };
  const units = !here || machine.systemd;
  const madeGroup = here && machine.addGroup !== undefined;
  const unitFiles = units ? [socketUnit(settings), serviceUnit(settings)] : [];
  const completions = wishes.completions ? Object.entries(COMPLETIONS) : [];
  const unitPaths = UNITS.map((name) => `${UNIT_FOLDER}/${name}`);
  const files = [binary, ...(units ? unitPaths : []), ...completions.map(([, path]) => `${prefix}/${path}`)];
  const manifest: Manifest = { version: 1, files, madeGroup, units };
  return [
    ...(madeGroup ? [{ kind: "run" as const, argv: machine.addGroup }] : []),
    { kind: "copy", from: source, to: destdir + binary, mode: 0o755 },
    ...unitFiles.map((text, at) => ({ kind: "write" as const, to: `${destdir}${unitPaths[at]}`, text, mode: 0o644 })),
    ...completions.map(([shell, path]) => ({
      kind: "capture" as const,
      argv: [source, "completion", shell],
      to: `${destdir}${prefix}/${path}`,
    })),
    { kind: "write", to: manifestPath(target), text: `${JSON.stringify(manifest, undefined, 2)}\n`, mode: 0o644 },
    ...(here && units ? systemctl(["daemon-reload"], ["enable", "--now", ...UNITS]) : []),
  ];
}

/** The engine has stopped, or is stopped by its unit here. `purge` deletes images, containers and volumes as well. */
export function planUninstall(manifest: Manifest, target: Target, delGroup: readonly string[], purge: boolean): Step[] {
  const { destdir, prefix, root, run } = target;
  const here = destdir === "";
  const withUnits = here && manifest.units;
  return [
    ...(withUnits ? systemctl(["disable", "--now", ...UNITS]) : []),
    ...manifest.files.map((path) => ({ kind: "remove" as const, path: destdir + path })),
    { kind: "remove", path: `${destdir}${prefix}/lib/tare` },
    ...(withUnits ? systemctl(["daemon-reload"]) : []),
    ...(here ? [{ kind: "remove" as const, path: run }] : []),
    ...(here && manifest.madeGroup ? [{ kind: "run" as const, argv: delGroup, mayFail: true as const }] : []),
    ...(here && purge ? [{ kind: "remove" as const, path: root }] : []),
  ];
}

const systemctl = (...commands: readonly string[][]): Step[] =>
  commands.map((words) => ({ kind: "run", argv: ["systemctl", ...words] }));
