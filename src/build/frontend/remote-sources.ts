/** Addresses that ADD and contexts take: repositories and files on the web. Pure. */
import { DockerfileError } from "../../dockerfile/place.ts";
import type { Vertex } from "../operation.ts";
import { createVertex } from "./vertex.ts";

export const isHttpAddress = (text: string): boolean => /^https?:\/\//.test(text);

/** `git@host:path`, `git://`, `ssh://`, `https://….git[#ref[:dir]]`, and `github.com/…`. */
export function isGitAddress(text: string): boolean {
  if (/^(?:git|ssh):\/\//.test(text) || /^[\w.-]+@[\w.-]+:\S+/.test(text)) return true;
  return /^https?:\/\/[^#?]+\.git(?:[#?]|$)/.test(text) || /^github\.com\/[^/]+\/[^/]+/.test(text);
}

export interface RemoteFacts {
  readonly checksum: string;
  readonly name: string;
}

export function httpSource(url: string, { checksum, name }: RemoteFacts): Vertex {
  const operation = { kind: "http", url, checksum, fileName: fileNameOf(url), mode: undefined } as const;
  return createVertex({ operation, inputs: [], name });
}

/** "" when the address ends in a slash: the response may name it. */
function fileNameOf(url: string): string {
  try {
    const last = new URL(url).pathname.split("/").at(-1) ?? "";
    return decodeURIComponent(last);
  } catch {
    throw new DockerfileError(`invalid URL ${JSON.stringify(url)}`);
  }
}

/** The reference after "#" is `ref[:subdirectory]`; the same as query keys ref, tag, branch, commit, checksum, subdir, keep-git-dir, submodules. */
export function gitSource(
  address: string,
  { checksum, keepGitDir, name }: RemoteFacts & { keepGitDir: boolean },
): Vertex {
  const [whole = "", fragment = ""] = address.split("#", 2);
  const [remote = "", search = ""] = whole.split("?", 2);
  const query = new URLSearchParams(search);
  const [fragmentRef = "", fragmentDirectory = ""] = fragment.split(":", 2);
  const subdirectory = query.get("subdir") ?? fragmentDirectory;
  checkSubdirectory(subdirectory);
  const tag = query.get("tag");
  const operation = {
    kind: "git",
    remote: remote.startsWith("github.com/") ? `https://${remote}` : remote,
    ref: query.get("ref") ?? (tag === null ? null : `refs/tags/${tag}`) ?? query.get("branch") ?? fragmentRef,
    subdirectory,
    checksum: checksum || (query.get("checksum") ?? query.get("commit") ?? ""),
    keepGitDir: keepGitDir || ["1", "true"].includes(query.get("keep-git-dir") ?? ""),
    submodules: !["0", "false"].includes(query.get("submodules") ?? ""),
  } as const;
  return createVertex({ operation, inputs: [], name });
}

/** Row 16 of the security table: a subdirectory stays inside the repository. */
function checkSubdirectory(path: string): void {
  if (path.split("/").includes("..")) throw new DockerfileError(`invalid subdir ${JSON.stringify(path)}`);
}
