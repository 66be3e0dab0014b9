/** Debian's docker-registry on loopback, plain, with TLS, with passwords or with tokens; and a server that signs such tokens. */
import { createHash, createPrivateKey, sign, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Authority, makeAuthority } from "../../src/image/registry/testing-certificates.ts";

export interface RegistryOptions {
  readonly users?: Readonly<Record<string, string>>;
  /** Speaks TLS with a certificate of the authority's. */
  readonly tls?: Authority;
  /** Takes the tokens of this server only. */
  readonly tokens?: TokenServer;
}

const READY_TIMEOUT_MS = 60_000;

export class DockerRegistry implements AsyncDisposable {
  /** "127.0.0.1:port" */
  readonly host: string;
  readonly #child: Bun.Subprocess;
  readonly #dir: string;

  private constructor(host: string, child: Bun.Subprocess, dir: string) {
    this.host = host;
    this.#child = child;
    this.#dir = dir;
  }

  static async start(options: RegistryOptions = {}): Promise<DockerRegistry> {
    const dir = mkdtempSync("/var/tmp/tare-registry-");
    const host = `127.0.0.1:${freePort()}`;
    writeFileSync(join(dir, "config.yml"), JSON.stringify(configOf(dir, host, options)));
    const child = Bun.spawn(["docker-registry", "serve", join(dir, "config.yml")], {
      stdio: ["ignore", "ignore", "ignore"],
    });
    const registry = new DockerRegistry(host, child, dir);
    try {
      await registry.#ready(options.tls === undefined ? "http" : "https");
      return registry;
    } catch (error) {
      await registry[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    rmSync(this.#dir, { recursive: true, force: true });
  }

  async #ready(scheme: string): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      const answer = await fetch(`${scheme}://${this.host}/v2/`, { tls: { rejectUnauthorized: false } }).catch(
        () => undefined,
      );
      if (answer !== undefined) return;
      if (this.#child.exitCode !== null) throw new Error("docker-registry ended");
      if (performance.now() > deadline) throw new Error("docker-registry is not ready");
      await Bun.sleep(20);
    }
  }
}

/** One that nobody listens on at this moment. */
export function freePort(): number {
  const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

/** YAML's subset that JSON is. */
function configOf(dir: string, host: string, { users, tls, tokens }: RegistryOptions): unknown {
  if (users !== undefined) writeFileSync(join(dir, "htpasswd"), Object.entries(users).map(passwordLine).join(""));
  if (tls !== undefined) {
    writeFileSync(join(dir, "tls.pem"), tls.server.cert);
    writeFileSync(join(dir, "tls.key"), tls.server.key, { mode: 0o600 });
  }
  if (tokens !== undefined) writeFileSync(join(dir, "issuer.pem"), tokens.authority.certificate);
  const auth = {
    ...(users === undefined ? {} : { htpasswd: { realm: "test", path: join(dir, "htpasswd") } }),
    ...(tokens === undefined
      ? {}
      : { token: { realm: tokens.realm, service: "test", issuer: "test", rootcertbundle: join(dir, "issuer.pem") } }),
  };
  return {
    version: "0.1",
    log: { level: "error", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(dir, "data") }, delete: { enabled: true } },
    http: {
      addr: host,
      secret: "test",
      ...(tls === undefined ? {} : { tls: { certificate: join(dir, "tls.pem"), key: join(dir, "tls.key") } }),
    },
    ...(Object.keys(auth).length === 0 ? {} : { auth }),
  };
}

/** As htpasswd -B writes it. */
const passwordLine = ([user, password]: [string, string]): string =>
  `${user}:${Bun.password.hashSync(password, { algorithm: "bcrypt", cost: 4 })}\n`;

export interface TokenRequest {
  readonly scopes: readonly string[];
  readonly user: string;
}

/** Gives tokens for whatever is asked for to those who know the password, and for pulling to everybody. */
export class TokenServer implements Disposable {
  readonly authority: Authority;
  readonly asked: TokenRequest[] = [];
  readonly #server: Bun.Server<undefined>;
  readonly #dir = mkdtempSync("/var/tmp/tare-tokens-");
  readonly #users: Readonly<Record<string, string>>;
  /** How long tokens last. */
  readonly #seconds: number;

  constructor(users: Readonly<Record<string, string>>, seconds = 300) {
    this.#users = users;
    this.#seconds = seconds;
    this.authority = makeAuthority(this.#dir);
    this.#server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#answer(request) });
  }

  get realm(): string {
    return `http://127.0.0.1:${this.#server.port}/token`;
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
    rmSync(this.#dir, { recursive: true });
  }

  async #answer(request: Request): Promise<Response> {
    const form =
      request.method === "POST" ? new URLSearchParams(await request.text()) : new URL(request.url).searchParams;
    const user = this.#userOf(request, form);
    if (user === undefined) return Response.json({ details: "incorrect username or password" }, { status: 401 });
    const scopes = form
      .getAll("scope")
      .flatMap((scope) => scope.split(" "))
      .filter((scope) => scope !== "");
    this.asked.push({ scopes, user });
    const token = this.#sign(
      user,
      scopes.map((scope) => accessOf(scope, user !== "")),
    );
    return Response.json({
      token,
      expires_in: this.#seconds,
      ...(user === "" ? {} : { refresh_token: `refresh ${user}` }),
    });
  }

  /** "" for nobody, undefined for somebody who is not who they say. */
  #userOf(request: Request, form: URLSearchParams): string | undefined {
    const refresh = form.get("refresh_token");
    if (refresh !== null) return refresh.replace("refresh ", "");
    const header = request.headers.get("authorization");
    if (header === null) return "";
    const [user = "", password] = Buffer.from(header.replace("Basic ", ""), "base64").toString().split(":");
    return this.#users[user] === password ? user : undefined;
  }

  /** A JSON Web Token with the signer's certificate in its head (RFC 7515). */
  #sign(subject: string, access: readonly unknown[]): string {
    const { cert, key } = this.authority.server;
    const now = Math.floor(Date.now() / 1000);
    const chain = [new X509Certificate(cert).raw.toString("base64")];
    const head = { typ: "JWT", alg: "ES256", x5c: chain };
    const times = { iat: now, nbf: now - 10, exp: now + this.#seconds };
    const id = createHash("sha256").update(`${subject}${now}${this.asked.length}`).digest("hex");
    const claims = { iss: "test", sub: subject, aud: "test", jti: id, ...times, access };
    const signed = [head, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    const signature = sign("sha256", Buffer.from(signed), { key: createPrivateKey(key), dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  }
}

/** "repository:a/b:pull,push", where strangers may only pull. */
function accessOf(scope: string, isKnown: boolean): unknown {
  const parts = scope.split(":");
  const actions = (parts.at(-1) ?? "").split(",").filter((action) => isKnown || action === "pull");
  return { type: parts[0], name: parts.slice(1, -1).join(":"), actions };
}
