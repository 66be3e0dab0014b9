/** Image names as people write them, taken apart as far as the command line must know; the engine judges whether they are valid. */

export interface ImageName {
  /** "docker.io", "127.0.0.1:5000" */
  readonly domain: string;
  /** "library/busybox" */
  readonly path: string;
  /** As written, without tag and digest. */
  readonly repository: string;
  /** "" when there is none. */
  readonly tag: string;
  /** "" when there is none. */
  readonly digest: string;
}

const DOCKER_HUB = "docker.io";
/** What Docker's clients have always kept the Hub's credentials under. */
const HUB_KEY = "https://index.docker.io/v1/";

export function splitName(text: string): ImageName {
  const at = text.indexOf("@");
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.indexOf(":", named.lastIndexOf("/") + 1);
  const repository = colon < 0 ? named : named.slice(0, colon);
  const slash = repository.indexOf("/");
  const first = slash < 0 ? "" : repository.slice(0, slash);
  const isHost = first === "localhost" || /[.:]/.test(first) || first !== first.toLowerCase();
  const domain = !isHost || first === "index.docker.io" ? DOCKER_HUB : first;
  const rest = isHost ? repository.slice(slash + 1) : repository;
  return {
    domain,
    path: domain === DOCKER_HUB && !rest.includes("/") ? `library/${rest}` : rest,
    repository,
    tag: colon < 0 ? "" : named.slice(colon + 1),
    digest: at < 0 ? "" : text.slice(at + 1),
  };
}

/** In full: "docker.io/library/busybox:latest". */
export function canonicalName({ domain, path, tag, digest }: Omit<ImageName, "repository">): string {
  return `${domain}/${path}${tag === "" ? "" : `:${tag}`}${digest === "" ? "" : `@${digest}`}`;
}

/** Short, as lists show it: "busybox:latest". */
export function familiarName(name: ImageName): string {
  if (name.domain !== DOCKER_HUB) return canonicalName(name);
  const { path, tag, digest } = name;
  const short = path.replace(/^library\//, "");
  return `${short}${tag === "" ? "" : `:${tag}`}${digest === "" ? "" : `@${digest}`}`;
}

/** ":latest" for a name that has neither tag nor digest. */
export function withDefaultTag(name: ImageName): ImageName {
  return name.tag === "" && name.digest === "" ? { ...name, tag: "latest" } : name;
}

/** What credentials for a registry are kept under. */
export function registryKey(domain: string): string {
  return domain === DOCKER_HUB || domain === "index.docker.io" || domain === "registry-1.docker.io" ? HUB_KEY : domain;
}

/** Of what people give to login and logout: a host, or an address of old. */
export function serverKey(address: string): string {
  return address === "" ? HUB_KEY : registryKey(hostOf(address));
}

/** "https://host/v1/" was the key of a registry once. */
export function hostOf(address: string): string {
  return address.replace(/^https?:\/\//, "").split("/", 1)[0] ?? "";
}
