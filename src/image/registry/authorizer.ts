/**
 * Proofs of identity for one registry during one operation: Basic, or bearer tokens fetched from where the registry says
 * (distribution's token specification). What the user's secrets are sent to is decided here and nowhere else.
 */
import { ANONYMOUS, basicHeader, type Credentials, hasSecrets } from "../../wire/registry-auth.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import type { Endpoint } from "./endpoints.ts";
import { checkRealm, realmOf, type TokenRealm } from "./realm.ts";
import { RegistryError } from "./registry-error.ts";
import { isSameSite } from "./site.ts";
import { fetchToken } from "./token.ts";
import type { Incoming, Send } from "./transport.ts";

export interface AuthorizerOptions {
  readonly send: Send;
  readonly credentials: Credentials;
  /** Hosts that may have the credentials although they are of another site. */
  readonly authHosts: readonly string[];
  readonly firstPauseMs: number;
  readonly signal: AbortSignal;
}

type Method = { readonly kind: "basic" } | { readonly kind: "bearer"; readonly realm: TokenRealm };

interface Token {
  readonly header: string;
  readonly expiresAtMs: number;
}

/** Asks for a new token this long before the old one ends. */
const TOKEN_MARGIN_MS = 10_000;

export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #methods = new Map<string, Method>();
  readonly #tokens = new Map<string, Promise<Token>>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** The Authorization for a request, as far as the registry has said what it wants; undefined is none. */
  async header(endpoint: Endpoint, scopes: readonly string[]): Promise<string | undefined> {
    const { registrytoken } = this.#credentials(endpoint);
    if (registrytoken !== "") return `Bearer ${registrytoken}`;
    const method = this.#methods.get(endpoint.origin);
    if (method === undefined) return undefined;
    return method.kind === "basic" ? this.#basic(endpoint) : this.#bearer(endpoint, method.realm, scopes);
  }

  /**
   * After a 401: what to send instead. Throws when there is nothing better than what was sent, in the words of `refusal`
   * or Docker's.
   */
  async answer(endpoint: Endpoint, refused: Incoming, request: RefusedRequest): Promise<string> {
    const method = this.#choose(endpoint, parseChallenges(refused.headers.get("www-authenticate")));
    if (method === undefined || (request.sent !== undefined && method.kind === "basic")) throw await request.refusal();
    this.#methods.set(endpoint.origin, method);
    if (method.kind === "bearer") this.#tokens.delete(keyOf(endpoint, request.scopes));
    const header = await this.header(endpoint, request.scopes);
    if (header === undefined || header === request.sent) throw await request.refusal();
    return header;
  }

  #choose(endpoint: Endpoint, challenges: readonly Challenge[]): Method | undefined {
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    if (bearer !== undefined) return { kind: "bearer", realm: this.#realmOf(endpoint, bearer) };
    return challenges.some(({ scheme }) => scheme === "basic") ? { kind: "basic" } : undefined;
  }

  /** What the registry's tokens come from; refused where its secrets must not go. */
  #realmOf(endpoint: Endpoint, challenge: Challenge): TokenRealm {
    const realm = realmOf(challenge);
    const registry = new URL(endpoint.origin);
    if (hasSecrets(this.#credentials(endpoint))) checkRealm(registry, realm.url, this.#options.authHosts);
    return realm;
  }

  #basic(endpoint: Endpoint): string {
    const { username, password } = this.#credentials(endpoint);
    if (username === "") throw new RegistryError({ message: "no basic auth credentials", status: 401 });
    return basicHeader(username, password);
  }

  async #bearer(endpoint: Endpoint, realm: TokenRealm, scopes: readonly string[]): Promise<string> {
    const key = keyOf(endpoint, scopes);
    const known = await this.#tokens.get(key);
    if (known !== undefined && known.expiresAtMs - TOKEN_MARGIN_MS > Date.now()) return known.header;
    const fetching = this.#fetchToken(endpoint, realm, scopes);
    // Those who come meanwhile wait for the same token; a failed one is not kept.
    this.#tokens.set(key, fetching);
    fetching.catch(() => this.#tokens.delete(key));
    return (await fetching).header;
  }

  async #fetchToken(endpoint: Endpoint, realm: TokenRealm, scopes: readonly string[]): Promise<Token> {
    const { send, signal, firstPauseMs } = this.#options;
    const { token, expiresInSec } = await fetchToken(send, {
      realm,
      scopes: [...new Set([...scopes, ...realm.scope.split(" ")])].filter((scope) => scope !== ""),
      credentials: this.#credentials(endpoint),
      insecure: endpoint.insecure && isSameSite(new URL(endpoint.origin), realm.url),
      firstPauseMs,
      signal,
    });
    return { header: `Bearer ${token}`, expiresAtMs: Date.now() + expiresInSec * 1000 };
  }

  /** Mirrors are others' machines: what was meant for the registry is not for them. */
  #credentials(endpoint: Endpoint): Credentials {
    return endpoint.mirrorOf === undefined ? this.#options.credentials : ANONYMOUS;
  }
}

export interface RefusedRequest {
  readonly scopes: readonly string[];
  /** The Authorization that was not good enough. */
  readonly sent: string | undefined;
  /** The registry's own words. */
  readonly refusal: () => Promise<Error>;
}

const keyOf = (endpoint: Endpoint, scopes: readonly string[]): string => [endpoint.origin, ...scopes].join(" ");
