/** `--security-opt` (moby daemon parseSecurityOpt): what they ask for, or Docker's refusal. Pure. */
import { systemError } from "../../base/errors.ts";

export interface SecurityOptions {
  readonly noNewPrivileges: boolean;
  /** Undefined is the default profile, else "unconfined" or the JSON of a profile. */
  readonly seccomp: string | undefined;
  /** Neither masked nor read-only paths. */
  readonly unconfinedPaths: boolean;
  readonly writableCgroups: boolean;
}

const DEFAULTS: SecurityOptions = {
  noNewPrivileges: false,
  seccomp: undefined,
  unconfinedPaths: false,
  writableCgroups: false,
};
const BOOLEANS: Readonly<Record<string, boolean>> = {
  "1": true,
  t: true,
  true: true,
  "0": false,
  f: false,
  false: false,
};

/** Throws systemError(`invalid --security-opt …`). */
export function parseSecurityOptions(texts: readonly string[] | null): SecurityOptions {
  return (texts ?? []).reduce((options, text) => ({ ...options, ...parseOne(text) }), DEFAULTS);
}

function parseOne(text: string): Partial<SecurityOptions> {
  if (text === "no-new-privileges") return { noNewPrivileges: true };
  if (text === "disable") return {};
  const separator = text.includes("=") ? "=" : ":";
  const at = text.indexOf(separator);
  if (at < 0) throw systemError(`invalid --security-opt 1: "${text}"`);
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  switch (key) {
    case "no-new-privileges":
      return { noNewPrivileges: boolean(text, value) };
    case "writable-cgroups":
      return { writableCgroups: boolean(text, value) };
    case "seccomp":
      return { seccomp: value === "builtin" ? undefined : value };
    case "systempaths":
      if (value === "unconfined") return { unconfinedPaths: true };
      break;
    // Neither SELinux nor AppArmor is driven: their options are taken and mean nothing, as on a host without them.
    case "label":
    case "apparmor":
      return {};
  }
  throw systemError(`invalid --security-opt 2: "${text}"`);
}

function boolean(text: string, value: string): boolean {
  const known = BOOLEANS[value.toLowerCase()];
  if (known === undefined) throw systemError(`invalid --security-opt 2: "${text}"`);
  return known;
}
