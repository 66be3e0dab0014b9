/** Fields of GET /info that came and went (moby api/docs/CHANGELOG.md). */
import type { Shim } from "./shim.ts";

type Info = Readonly<Record<string, unknown>>;
type Commit = { readonly ID?: string };

export const infoShims: readonly Shim<Info>[] = [
  { below: "1.50", adapt: (info) => ({ ...info, BridgeNfIptables: false, BridgeNfIp6tables: false }) },
  { below: "1.49", adapt: ({ FirewallBackend: _backend, ...info }) => withExpectedCommits(info) },
  { below: "1.25", adapt: (info) => ({ ...info, SecurityOptions: toBareNames(info["SecurityOptions"]) }) },
];

function withExpectedCommits(info: Info): Info {
  const commits = ["ContainerdCommit", "RuncCommit", "InitCommit"]
    .filter((name) => isCommit(info[name]))
    .map((name) => [name, expected(info[name])]);
  return { ...info, ...Object.fromEntries(commits) };
}

function isCommit(value: unknown): value is Commit {
  return typeof value === "object" && value !== null && "ID" in value;
}

function expected(commit: unknown): unknown {
  return isCommit(commit) ? { ...commit, Expected: commit.ID } : commit;
}

/** "name=seccomp,profile=builtin" was "seccomp". */
function toBareNames(options: unknown): unknown {
  if (!Array.isArray(options)) return options;
  return options.map((option: unknown) => String(option).replace(/^name=([^,]*).*$/, "$1"));
}
