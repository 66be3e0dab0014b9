/** Bearer tokens (distribution's spec/auth/token.md and oauth.md): with a password by GET, with a refresh token by POST. */
import { systemError } from "../../base/errors.ts";
import { int64, string, struct } from "../../wire/decode/primitives.ts";
import { parseJson } from "../../wire/json.ts";
import { basicHeader, type Credentials } from "../../wire/registry-auth.ts";
import type { TokenRealm } from "./realm.ts";
import { answerError } from "./registry-error.ts";
import { retrying } from "./retry.ts";
import type { Incoming, Outgoing, Send } from "./transport.ts";

export interface TokenRequest {
  readonly realm: TokenRealm;
  readonly scopes: readonly string[];
  readonly credentials: Credentials;
  readonly insecure: boolean;
  /** Asks for a refresh token as well, as a login does. */
  readonly offline?: boolean;
  readonly firstPauseMs: number;
  readonly signal: AbortSignal;
}

export interface FetchedToken {
  readonly token: string;
  readonly expiresInSec: number;
  /** "" when the server gives none. */
  readonly refreshToken: string;
}

const CLIENT_ID = "docker";
const MAX_ANSWER_BYTES = 1024 * 1024;
const ATTEMPTS = 3;
/** What the specification assumes of servers that do not say; shorter promises are taken for this one. */
const LEAST_LIFETIME_SEC = 60;

const decode = struct("tokenResponse", () => ({ token: "", access_token: "", refresh_token: "", expires_in: 0 }), {
  token: string,
  access_token: string,
  refresh_token: string,
  expires_in: int64,
});

export async function fetchToken(send: Send, request: TokenRequest): Promise<FetchedToken> {
  const outgoing = request.credentials.identitytoken === "" ? passwordRequest(request) : refreshRequest(request);
  const answer = await retrying(() => ask(send, outgoing), { ...request, attempts: ATTEMPTS });
  const text = Buffer.from(await answer.bytes(MAX_ANSWER_BYTES)).toString();
  const decoded = decode(parseJson(text) ?? {}, "tokenResponse");
  const token = decoded.token || decoded.access_token;
  if (token === "" || /[^\x21-\x7e]/.test(token)) {
    throw systemError("authorization server did not include a token in the response");
  }
  const expiresInSec = Math.max(decoded.expires_in, LEAST_LIFETIME_SEC);
  return { token, expiresInSec, refreshToken: decoded.refresh_token };
}

async function ask(send: Send, outgoing: Outgoing): Promise<Incoming> {
  const answer = await send(outgoing);
  if (answer.status === 200) return answer;
  const body = Buffer.from(await answer.bytes(MAX_ANSWER_BYTES)).toString();
  throw answerError(answer.status, answer.headers, body);
}

function passwordRequest({ realm, scopes, credentials, offline, insecure, signal }: TokenRequest): Outgoing {
  const url = new URL(realm.url);
  if (realm.service !== "") url.searchParams.set("service", realm.service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  if (offline === true) {
    url.searchParams.set("offline_token", "true");
    url.searchParams.set("client_id", CLIENT_ID);
  }
  const { username, password } = credentials;
  if (username === "") return { method: "GET", url, insecure, signal };
  url.searchParams.set("account", username);
  return { method: "GET", url, insecure, signal, authorization: basicHeader(username, password) };
}

function refreshRequest({ realm, scopes, credentials, insecure, signal }: TokenRequest): Outgoing {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    service: realm.service,
    client_id: CLIENT_ID,
    scope: scopes.join(" "),
    refresh_token: credentials.identitytoken,
  });
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  return { method: "POST", url: realm.url, headers, body: form.toString(), insecure, signal };
}
