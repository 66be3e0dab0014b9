/** `docker login`: whether a registry takes these credentials, and the token it would rather be shown from now on. */
import { invalidParameter } from "../../base/errors.ts";
import type { LoginResult } from "../../wire/registry.ts";
import { basicHeader, type Credentials, hasSecrets } from "../../wire/registry-auth.ts";
import { parseChallenges } from "./challenge.ts";
import { DOCKER_HUB, type Endpoint, ownEndpoints, ruleFor } from "./endpoints.ts";
import { checkRealm, realmOf } from "./realm.ts";
import { RegistryError } from "./registry-error.ts";
import type { RegistrySettings } from "./settings.ts";
import { fetchToken } from "./token.ts";
import type { Incoming, Send } from "./transport.ts";

export interface LoginTools {
  readonly settings: RegistrySettings;
  readonly send: Send;
  readonly signal: AbortSignal;
}

/** Throws what the registry says against it. */
export async function login(tools: LoginTools, credentials: Credentials): Promise<LoginResult> {
  const registry = registryOf(credentials.serveraddress);
  let failure: unknown;
  for (const endpoint of ownEndpoints(registry, tools.settings)) {
    try {
      return await loginAt(tools, endpoint, { credentials, registry });
    } catch (error) {
      failure = error;
      // An insecure registry may speak plain text; one that has answered is asked no more.
      if (!(error instanceof RegistryError) || error.status !== undefined) break;
    }
  }
  throw failure;
}

/** The registry of what people give as an address: "https://index.docker.io/v1/", "registry.local:5000". */
export function registryOf(address: string): string {
  const host = address.replace(/^https?:\/\//, "").split("/", 1)[0] ?? "";
  if (host === "" || host === "index.docker.io" || host === "registry-1.docker.io") return DOCKER_HUB;
  if (URL.parse(`https://${host}`) === null) {
    throw invalidParameter(`unable to parse server address: ${JSON.stringify(address)}`);
  }
  return host;
}

interface Applicant {
  readonly credentials: Credentials;
  readonly registry: string;
}

async function loginAt(
  tools: LoginTools,
  endpoint: Endpoint,
  { credentials, registry }: Applicant,
): Promise<LoginResult> {
  const url = new URL(`${endpoint.origin}/v2/`);
  const ask = (authorization?: string): Promise<Incoming> =>
    tools.send({ method: "GET", url, authorization, insecure: endpoint.insecure, signal: tools.signal });
  const first = await ask();
  await first.discard();
  if (first.status === 200) return { IdentityToken: "", Status: "Login Succeeded" };
  const { authorization, refreshToken } = await proofFor(tools, { endpoint, first, credentials, registry });
  const second = await ask(authorization);
  await second.discard();
  if (second.status === 200) return { IdentityToken: refreshToken, Status: "Login Succeeded" };
  const status = `${second.status}${second.status === 401 ? " Unauthorized" : ""}`;
  throw new RegistryError({
    message: `login attempt to ${url.href} failed with status: ${status}`,
    status: second.status,
  });
}

interface Asked extends Applicant {
  readonly endpoint: Endpoint;
  readonly first: Incoming;
}

async function proofFor(tools: LoginTools, asked: Asked): Promise<{ authorization: string; refreshToken: string }> {
  const { endpoint, first, credentials, registry } = asked;
  const { username, password } = credentials;
  const refuse = (why: string): RegistryError =>
    new RegistryError({ message: `Get "${endpoint.origin}/v2/": ${why}`, status: first.status });
  const challenges = parseChallenges(first.headers.get("www-authenticate"));
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  if (bearer === undefined) {
    if (username === "") throw refuse("no basic auth credentials");
    return { authorization: basicHeader(username, password), refreshToken: "" };
  }
  const realm = realmOf(bearer);
  const { authHosts } = ruleFor(registry, tools.settings);
  if (hasSecrets(credentials)) checkRealm(new URL(endpoint.origin), realm.url, authHosts);
  const request = {
    realm,
    scopes: [],
    credentials,
    insecure: endpoint.insecure,
    offline: true,
    signal: tools.signal,
    firstPauseMs: tools.settings.firstPauseMs,
  };
  const { token, refreshToken } = await fetchToken(tools.send, request).catch((error: unknown) => {
    throw error instanceof RegistryError && error.status !== undefined ? withUrl(error, endpoint) : error;
  });
  return { authorization: `Bearer ${token}`, refreshToken };
}

function withUrl({ message, status = 0, kind }: RegistryError, { origin }: Endpoint): RegistryError {
  return new RegistryError({ message: `Get "${origin}/v2/": ${message}`, status, kind });
}
