/** Where a registry has its tokens fetched from, and whether the user's secrets may go there. */
import { systemError } from "../../base/errors.ts";
import type { Challenge } from "./challenge.ts";
import { isSameSite } from "./site.ts";

/** What a registry says of where its tokens come from. */
export interface TokenRealm {
  readonly url: URL;
  readonly service: string;
  /** What the refused request would have needed, scopes separated by spaces. */
  readonly scope: string;
}

export function realmOf({ parameters }: Challenge): TokenRealm {
  const realm = parameters.get("realm") ?? "";
  const url = URL.parse(realm);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw systemError(`unsupported realm of bearer tokens: ${JSON.stringify(realm)}`);
  }
  return { url, service: parameters.get("service") ?? "", scope: parameters.get("scope") ?? "" };
}

/**
 * Secrets go to the registry's own site, or to hosts that the configuration names, and never in plain text where the registry
 * itself is encrypted. Throws otherwise.
 */
export function checkRealm(registry: URL, realm: URL, authHosts: readonly string[]): void {
  if (registry.protocol === "https:" && realm.protocol !== "https:") {
    throw systemError(`${registry.host} asks to send credentials in plain text to ${realm.host}: refused`);
  }
  if (isSameSite(registry, realm) || authHosts.includes(realm.host)) return;
  throw systemError(
    `${registry.host} asks to send its credentials to ${realm.host}, which is not of the same site: refused. ` +
      `If that is right, list ${JSON.stringify(realm.host)} in "auth-hosts" of this registry in the engine's configuration`,
  );
}
