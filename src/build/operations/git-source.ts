/** Repositories: fetched shallowly at each build, told by their commit. */
import { mkdirSync } from "node:fs";
import { messageOf } from "../../base/errors.ts";
import { createId } from "../../base/ids.ts";
import { removeTree } from "../../files/remove-tree.ts";
import { pathInside } from "../content/inside.ts";
import { BuildFailure } from "../failure.ts";
import type { GitSource } from "../operation.ts";
import { digest } from "../solver/keys.ts";
import type { LoadedSource, Step } from "../solver/solver.ts";
import { Git } from "./git.ts";
import { gitAccess } from "./git-access.ts";
import type { RemoteSourceDeps } from "./remote-deps.ts";

export async function loadGit(deps: RemoteSourceDeps, source: GitSource, step: Step): Promise<LoadedSource> {
  // Short: a socket's address is at most 107 bytes.
  const name = `git-${createId().slice(0, 16)}`;
  const directory = `${deps.dir}/${name}`;
  mkdirSync(`${directory}/files`, { recursive: true, mode: 0o755 });
  const discard = (): Promise<void> => removeTree(deps.dir, name);
  try {
    using access = await gitAccess(source.remote, step.build.session, directory);
    const git = new Git(deps.searchPath, { directory: `${directory}/files`, env: access.env, signal: step.signal });
    const commit = await checkOut(git, source);
    if (!source.keepGitDir) await removeTree(`${directory}/files`, ".git");
    const root = subdirectory(`${directory}/files`, source.subdirectory);
    const { subdirectory: sub, keepGitDir } = source;
    const { tree, release } = deps.trees.adopt(root, `git-${commit.slice(0, 32)}-${createId().slice(0, 8)}`);
    return {
      tree,
      key: digest("git", { commit, sub, keepGitDir }),
      isCached: false,
      material: {
        uri: `${source.remote.replace(CREDENTIALS, "//")}${source.ref === "" ? "" : `#${source.ref}`}`,
        digest: { [commit.length > 40 ? "sha256" : "sha1"]: commit },
      },
      release: () => {
        release();
        // What cannot be deleted goes at the next start.
        discard().catch(() => undefined);
      },
    };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** What an address says of who asks stays here. */
const CREDENTIALS = /\/\/[^/@]*@/;

/** Row 16 of the security table: neither ".." nor a link leads out of the repository. */
function subdirectory(root: string, path: string): string {
  if (path === "") return root;
  if (path.split("/").includes("..")) throw new BuildFailure(`invalid subdir ${path}`, { kind: "invalidParameter" });
  try {
    return pathInside(root, path);
  } catch (error) {
    throw new BuildFailure(`invalid subdir ${path}: ${messageOf(error)}`, { kind: "notFound", cause: error });
  }
}

/** The commit's id. */
async function checkOut(git: Git, { remote, ref, checksum, submodules }: GitSource): Promise<string> {
  if (remote.startsWith("-") || ref.startsWith("-")) {
    throw new BuildFailure(`invalid git address ${remote}`, { kind: "invalidParameter" });
  }
  await git.run(["init", "-q"]);
  await git.run(["remote", "add", "--", "origin", remote]);
  await git.run(["checkout", "-q", "--detach", await fetchRef(git, ref)]);
  const commit = (await git.run(["rev-parse", "HEAD"])).trim();
  if (checksum !== "" && !commit.startsWith(checksum)) {
    const what = `expected checksum to match ${checksum}, got ${commit}`;
    throw new BuildFailure(what, { kind: "invalidParameter" });
  }
  if (submodules) await shallowly(git, ["submodule", "-q", "update", "--init", "--recursive", DEPTH]);
  return commit;
}

const DEPTH = "--depth=1";
const MAYBE_COMMIT = /^[0-9a-f]{7,64}$/;

/** Fetches what a reference names and says what to check out. A server that gives no single commits gives all. */
async function fetchRef(git: Git, ref: string): Promise<string> {
  try {
    await shallowly(git, ["fetch", "-q", DEPTH, "--no-tags", "--end-of-options", "origin", ref || "HEAD"]);
    return "FETCH_HEAD";
  } catch (error) {
    if (!MAYBE_COMMIT.test(ref)) throw error;
    await git.run(["fetch", "-q", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*"]);
    return `${ref}^{commit}`;
  }
}

/** Some servers know no shallow clones. */
async function shallowly(git: Git, words: readonly string[]): Promise<void> {
  try {
    await git.run(words);
  } catch (error) {
    if (!/--depth|shallow/.test(messageOf(error))) throw error;
    await git.run(words.filter((word) => word !== DEPTH));
  }
}
