/** A container's configuration: what the user asked for, completed by the image (moby daemon/internal/image: merge). */
import type { ContainerConfig, HealthConfig } from "../../wire/container.ts";
import type { ImageConfig } from "../../wire/image.ts";

/** The user's words win; lists of the environment, labels, ports and volumes are united. */
export function mergeConfig(user: ContainerConfig, image: ImageConfig): ContainerConfig {
  return {
    ...user,
    ...mergeCommand(user, image),
    User: user.User || image.User,
    ...optional("ExposedPorts", unite(image.ExposedPorts, user.ExposedPorts)),
    Env: mergeEnv(user.Env, image.Env ?? []),
    Labels: { ...image.Labels, ...user.Labels },
    Volumes: uniteVolumes(image.Volumes, user.Volumes),
    WorkingDir: user.WorkingDir || image.WorkingDir,
    ...optional("StopSignal", user.StopSignal || image.StopSignal),
    ...optional("Shell", user.Shell ?? image.Shell),
    ...optional("Healthcheck", mergeHealth(user.Healthcheck, image.Healthcheck)),
  };
}

/** An entrypoint of the user's own drops the image's command; `[""]` (from `--entrypoint ""`) means none. */
function mergeCommand(user: ContainerConfig, image: ImageConfig): Pick<ContainerConfig, "Cmd" | "Entrypoint"> {
  const userHasEntrypoint = (user.Entrypoint?.length ?? 0) > 0;
  const userHasCommand = (user.Cmd?.length ?? 0) > 0;
  const Cmd = userHasEntrypoint || userHasCommand ? user.Cmd : image.Cmd;
  const Entrypoint = userHasEntrypoint ? user.Entrypoint : (user.Entrypoint ?? image.Entrypoint);
  const isReset = Entrypoint?.length === 1 && Entrypoint[0] === "";
  return { Cmd, Entrypoint: isReset ? null : Entrypoint };
}

function mergeEnv(user: readonly string[], image: readonly string[]): string[] {
  const names = new Set(user.map(envName));
  return [...user, ...image.filter((entry) => !names.has(envName(entry)))];
}

function envName(entry: string): string {
  const equals = entry.indexOf("=");
  return equals < 0 ? entry : entry.slice(0, equals);
}

function mergeHealth(user: HealthConfig | undefined, image: HealthConfig | undefined): HealthConfig | undefined {
  if (image === undefined || user === undefined) return user ?? image;
  return {
    Test: user.Test?.length ? user.Test : (image.Test ?? []),
    Interval: user.Interval || image.Interval || 0,
    Timeout: user.Timeout || image.Timeout || 0,
    StartPeriod: user.StartPeriod || image.StartPeriod || 0,
    StartInterval: user.StartInterval || image.StartInterval || 0,
    Retries: user.Retries || image.Retries || 0,
  };
}

/** Null when there are none, as Docker shows it. */
function uniteVolumes(image: ContainerConfig["Volumes"], user: ContainerConfig["Volumes"]): ContainerConfig["Volumes"] {
  const volumes = { ...image, ...user };
  return Object.keys(volumes).length > 0 ? volumes : null;
}

function unite<T>(a: Record<string, T> | undefined, b: Record<string, T> | undefined): Record<string, T> | undefined {
  return a === undefined && b === undefined ? undefined : { ...a, ...b };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  const field: { [P in K]?: V } = {};
  if (value !== undefined && value !== "") field[key] = value;
  return field;
}
