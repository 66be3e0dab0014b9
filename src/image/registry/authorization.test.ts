/** Proofs of identity: who is shown what, how tokens are fetched, and what no registry gets out of us. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ANONYMOUS } from "../../wire/registry-auth.ts";
import { FakeRegistry, failure } from "./testing.ts";
import { errorOf, openPullStore, type PullStore, putImage } from "./testing-images.ts";

const image = { layers: [[{ type: "file" as const, name: "a", data: Buffer.from("one") }]] };
const ANN = { username: "ann", password: "secret" };
const BASIC = `Basic ${Buffer.from("ann:secret").toString("base64")}`;

let store: PullStore;
beforeEach(() => {
  store = openPullStore();
});
afterEach(() => store[Symbol.dispose]());

/** A token server, and a registry that takes its tokens only. */
class Guarded implements Disposable {
  readonly tokens: { query: URLSearchParams; authorization: string | null; body: string }[] = [];
  readonly server: FakeRegistry;
  readonly registry: FakeRegistry;
  /** Tokens that the registry takes. */
  readonly good = new Set<string>();
  answer: (count: number) => Response | Record<string, unknown> = (count) => ({ token: `t${count}` });

  constructor(realm = (host: string): string => `http://${host}/token`) {
    this.server = new FakeRegistry({ intercept: (request, url) => this.#token(request, url) });
    this.registry = new FakeRegistry({
      intercept: ({ headers }) => {
        if (this.good.has((headers.get("authorization") ?? "").replace("Bearer ", ""))) return undefined;
        const challenge = `Bearer realm="${realm(this.server.host)}",service="svc",scope="repository:extra:pull"`;
        return failure(401, "UNAUTHORIZED", "authentication required", { "WWW-Authenticate": challenge });
      },
    });
    putImage(this.registry, "a/b", "1", image);
  }

  pull(credentials = {}): ReturnType<PullStore["pull"]> {
    return store.pull(`${this.registry.host}/a/b`, { tag: "1", credentials });
  }

  async #token(request: Request, url: URL): Promise<Response | undefined> {
    if (url.pathname !== "/token") return undefined;
    const authorization = request.headers.get("authorization");
    this.tokens.push({ query: url.searchParams, authorization, body: await request.text() });
    const answer = this.answer(this.tokens.length);
    if (answer instanceof Response) return answer;
    this.good.add(String(answer["token"] ?? answer["access_token"]));
    return Response.json(answer);
  }

  [Symbol.dispose](): void {
    this.server[Symbol.dispose]();
    this.registry[Symbol.dispose]();
  }
}

describe("basic", () => {
  const guarded = (): FakeRegistry =>
    new FakeRegistry({
      intercept: ({ headers }) =>
        headers.get("authorization") === BASIC
          ? undefined
          : failure(401, "UNAUTHORIZED", "authentication required", { "WWW-Authenticate": 'Basic realm="r"' }),
    });

  test("is given once the registry asks", async () => {
    using registry = guarded();
    putImage(registry, "a/b", "1", image);
    expect(errorOf(await store.pull(`${registry.host}/a/b`, { tag: "1", credentials: ANN }))).toBeUndefined();
    expect(registry.asked[0]?.authorization).toBeNull();
  });

  test("that is missing or wrong is told as Docker tells it", async () => {
    using registry = guarded();
    const pull = (credentials = {}) => store.pull(`${registry.host}/a/b`, { tag: "1", credentials });
    expect(pull()).rejects.toThrow(`Head "http://${registry.host}/v2/a/b/manifests/1": no basic auth credentials`);
    expect(pull({ ...ANN, password: "no" })).rejects.toThrow("unauthorized: authentication required");
  });
});

describe("bearer", () => {
  test("tokens are fetched for the scope, with the password, and used for everything", async () => {
    using guarded = new Guarded();
    expect(errorOf(await guarded.pull(ANN))).toBeUndefined();
    expect(guarded.tokens).toHaveLength(1);
    const [{ query, authorization } = { query: new URLSearchParams(), authorization: "" }] = guarded.tokens;
    expect([query.get("service"), query.getAll("scope"), query.get("account"), authorization]).toEqual([
      "svc",
      ["repository:a/b:pull", "repository:extra:pull"],
      "ann",
      BASIC,
    ]);
  });

  test("tokens are fetched without a name where there is none", async () => {
    using guarded = new Guarded();
    expect(errorOf(await guarded.pull())).toBeUndefined();
    expect(guarded.tokens[0]?.authorization).toBeNull();
  });

  test("a refresh token is sent in place of a password, in the body", async () => {
    using guarded = new Guarded();
    guarded.answer = (count) => ({ access_token: `t${count}` });
    expect(errorOf(await guarded.pull({ identitytoken: "refresh" }))).toBeUndefined();
    const form = new URLSearchParams(guarded.tokens[0]?.body);
    expect([form.get("grant_type"), form.get("refresh_token"), form.get("service")]).toEqual([
      "refresh_token",
      "refresh",
      "svc",
    ]);
    expect(guarded.tokens[0]?.query.size).toBe(0);
  });

  test("a token that ends meanwhile is replaced", async () => {
    using guarded = new Guarded();
    let asked = 0;
    using registry = new FakeRegistry({
      intercept: ({ headers }, url) => {
        // Each token is good for one request only.
        const token = (headers.get("authorization") ?? "").replace("Bearer ", "");
        if (guarded.good.delete(token)) return undefined;
        asked++;
        const challenge = `Bearer realm="http://${guarded.server.host}/token",error="invalid_token"`;
        return failure(401, "UNAUTHORIZED", url.pathname, { "WWW-Authenticate": challenge });
      },
    });
    putImage(registry, "a/b", "1", image);
    expect(errorOf(await store.pull(`${registry.host}/a/b`, { tag: "1", credentials: ANN }))).toBeUndefined();
    expect(asked).toBeGreaterThan(1);
  });

  test.each([
    [
      "a refusal",
      () => Response.json({ details: "incorrect username or password" }, { status: 401 }),
      "unauthorized: incorrect username or password",
    ],
    ["an answer without a token", () => ({}), "authorization server did not include a token in the response"],
    [
      "a token with a line feed",
      () => ({ token: "a\nb" }),
      "authorization server did not include a token in the response",
    ],
    ["an endless answer", () => new Response(Buffer.alloc(2_000_000, "x")), "is larger than"],
    ["something that is no JSON", () => new Response("<html>"), "invalid character '<' looking for beginning of value"],
  ])("%s is an error", (_what, answer, message) => {
    using guarded = new Guarded();
    guarded.answer = answer;
    expect(guarded.pull(ANN)).rejects.toThrow(message);
  });

  test("a token that is good but not for this is a denied pull", async () => {
    using registry = new FakeRegistry({
      intercept: (_request, url) =>
        url.pathname === "/token"
          ? Response.json({ token: "t" })
          : failure(401, "UNAUTHORIZED", "authentication required", {
              "WWW-Authenticate": `Bearer realm="http://${url.host}/token",error="insufficient_scope"`,
            }),
    });
    const name = `${registry.host}/a/b`;
    expect(store.pull(name, { tag: "1" })).rejects.toThrow(
      `pull access denied for ${name}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
    );
  });
});

describe("what a registry does not get", () => {
  test("our secrets for another site, unless the configuration says so", async () => {
    using guarded = new Guarded((host) => `http://${host.replace("127.0.0.1", "127.0.0.2")}/token`);
    expect(guarded.pull(ANN)).rejects.toThrow("which is not of the same site: refused");
    // Whoever has no secrets may ask anybody; here nobody listens.
    expect(guarded.pull()).rejects.toThrow("connection refused");
    const realm = guarded.server.host.replace("127.0.0.1", "127.0.0.2");
    const rule = { mirrors: [], insecure: false, authHosts: [realm], mirrorsOnly: false };
    store = store.reopen({ registries: { [guarded.registry.host]: rule } });
    expect(guarded.pull(ANN)).rejects.toThrow("connection refused");
  });

  test("our secrets by way of a redirect", async () => {
    using elsewhere = new FakeRegistry();
    using registry = new FakeRegistry({
      intercept: ({ headers }, url) => {
        if (headers.get("authorization") !== BASIC) {
          return failure(401, "UNAUTHORIZED", "", { "WWW-Authenticate": 'Basic realm="r"' });
        }
        const isBlob = url.pathname.includes("/blobs/");
        return isBlob
          ? new Response(null, { status: 307, headers: { Location: elsewhere.origin + url.pathname } })
          : undefined;
      },
    });
    putImage(registry, "a/b", "1", image);
    putImage(elsewhere, "a/b", "1", image);
    expect(errorOf(await store.pull(`${registry.host}/a/b`, { tag: "1", credentials: ANN }))).toBeUndefined();
    expect(elsewhere.asked.map(({ authorization }) => authorization)).toEqual(elsewhere.asked.map(() => null));
    expect(elsewhere.asked.length).toBeGreaterThan(0);
  });

  test("endless redirects, or redirects to what is no HTTP", () => {
    using round = new FakeRegistry({
      intercept: (_request, url) => new Response(null, { status: 302, headers: { Location: url.href } }),
    });
    using file = new FakeRegistry({
      intercept: () => new Response(null, { status: 302, headers: { Location: "file:///etc/passwd" } }),
    });
    expect(store.pull(`${round.host}/a`, { tag: "1" })).rejects.toThrow("stopped after 5 redirects");
    expect(store.pull(`${file.host}/a`, { tag: "1" })).rejects.toThrow('unsupported protocol scheme "file:"');
  });
});

describe("a login", () => {
  const login = (serveraddress: string, credentials = {}) =>
    store.images.registries.login({ ...ANONYMOUS, serveraddress, ...credentials }, new AbortController().signal);

  test("brings the token that the registry would rather be shown", async () => {
    using guarded = new Guarded();
    guarded.answer = () => ({ token: "t", refresh_token: "refresh" });
    expect(await login(guarded.registry.host, ANN)).toEqual({ IdentityToken: "refresh", Status: "Login Succeeded" });
    expect(guarded.tokens[0]?.query.get("offline_token")).toBe("true");
  });

  test("needs nothing where nobody asks", async () => {
    using open = new FakeRegistry();
    expect((await login(`http://${open.host}/v1/`)).Status).toBe("Login Succeeded");
  });

  test("that fails says why", async () => {
    using guarded = new Guarded();
    guarded.answer = () => Response.json({ details: "incorrect username or password" }, { status: 401 });
    const message = `Get "http://${guarded.registry.host}/v2/": unauthorized: incorrect username or password`;
    expect(login(guarded.registry.host, ANN)).rejects.toMatchObject({ message, kind: "unauthorized" });
    expect(login("a b")).rejects.toThrow("unable to parse server address");
  });
});
