/** The client of `POST /build`: it has sent everything along, and knows passwords of registries at most. */
import { notImplemented } from "../../../base/errors.ts";
import type { Session } from "../../../build/session.ts";
import type { Credentials } from "../../../wire/registry-auth.ts";

const HUB = ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"];

/** `keyring` is by registry, as clients call them. */
export function clientOf(keyring: ReadonlyMap<string, Credentials>, signal: AbortSignal): Session {
  const refuse = (): never => {
    throw notImplemented("the build's client has no session: use BuildKit for this");
  };
  return {
    id: "",
    sharedKey: "",
    signal,
    offers: (service) => service === "auth",
    files: refuse,
    secret: async () => undefined,
    hasAgent: async () => false,
    connectAgent: refuse,
    credentials: async (host) => {
      const names = HUB.includes(host) ? HUB : [host, `https://${host}`, `http://${host}`];
      const found = names.map((name) => keyring.get(name)).find((each) => each !== undefined);
      if (found === undefined) return undefined;
      const { username, password, identitytoken } = found;
      return identitytoken === "" ? { username, secret: password } : { username: "", secret: identitytoken };
    },
    upload: refuse,
    sendFile: refuse,
    sendTree: refuse,
    content: refuse,
  };
}
