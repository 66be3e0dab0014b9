/** Names, credentials and manifest lists as Docker's client keeps them. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, serveRecorded } from "../testdata/surroundings.ts";
import { openKeyring } from "./keyring.ts";
import { writeList } from "./manifest-list.ts";
import { canonicalName, familiarName, registryKey, serverKey, splitName } from "./name.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tare-keyring-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

const config = (): Record<string, unknown> => JSON.parse(readFileSync(join(dir, "config.json"), "utf8"));
const write = (value: unknown): void => writeFileSync(join(dir, "config.json"), JSON.stringify(value));
const open = (variables = {}) => openKeyring({ configDir: dir, variables });
const HUB = "https://index.docker.io/v1/";

describe("names", () => {
  test.each([
    ["busybox", "docker.io/library/busybox", "busybox", HUB],
    ["a/b:1", "docker.io/a/b:1", "a/b:1", HUB],
    ["index.docker.io/library/a", "docker.io/library/a", "a", HUB],
    ["localhost/a", "localhost/a", "localhost/a", "localhost"],
    ["r:5000/a/b:2@sha256:c", "r:5000/a/b:2@sha256:c", "r:5000/a/b:2@sha256:c", "r:5000"],
    ["Upper/a", "Upper/a", "Upper/a", "Upper"],
  ])("%s", (text, canonical, familiar, key) => {
    const name = splitName(text);
    expect([canonicalName(name), familiarName(name), registryKey(name.domain)]).toEqual([canonical, familiar, key]);
  });

  test.each([
    ["", HUB],
    ["docker.io", HUB],
    ["https://index.docker.io/v1/", HUB],
    ["https://r.example/v2/", "r.example"],
    ["r.example:5000", "r.example:5000"],
  ])("the server %p is kept under %s", (server, key) => {
    expect(serverKey(server)).toBe(key);
  });
});

describe("credentials in the file", () => {
  test("are written as Docker's client writes them, for nobody else to read, and everything else is kept", async () => {
    write({ auths: { other: {} }, psFormat: "x" });
    await (await open()).store("r:5000", { username: "ann", password: "p:w" });
    expect(config()).toEqual({ auths: { other: {}, "r:5000": { auth: btoa("ann:p:w") } }, psFormat: "x" });
    expect(statSync(join(dir, "config.json")).mode & 0o777).toBe(0o600);
    expect(await (await open()).get("r:5000")).toEqual({ serveraddress: "r:5000", username: "ann", password: "p:w" });
  });

  test("a token is kept in place of the password", async () => {
    await (await open()).store(HUB, { username: "ann", identitytoken: "t" });
    expect(config()).toEqual({ auths: { [HUB]: { auth: btoa("ann:"), identitytoken: "t" } } });
    expect(await (await open()).forImage("busybox")).toMatchObject({ identitytoken: "t" });
  });

  test("are found under addresses of old, and erased there", async () => {
    write({ auths: { "https://r:5000/v1/": { auth: btoa("a:b") } } });
    expect(await (await open()).forImage("r:5000/x")).toMatchObject({ username: "a", password: "b" });
    await (await open()).erase("r:5000");
    expect(config()).toEqual({ auths: {} });
  });

  test("keep a link to the file a link", async () => {
    mkdirSync(join(dir, "dotfiles"));
    writeFileSync(join(dir, "dotfiles/docker.json"), "{}");
    symlinkSync("dotfiles/docker.json", join(dir, "config.json"));
    await (await open()).store("r", { username: "a", password: "b" });
    expect(JSON.parse(readFileSync(join(dir, "dotfiles/docker.json"), "utf8"))).toHaveProperty(["auths", "r"]);
  });

  test("that cannot be read are an error, not none", () => {
    writeFileSync(join(dir, "config.json"), "{");
    expect(open()).rejects.toThrow("Error loading config file");
  });
});

describe("credentials with a helper", () => {
  const PATH = (): string => `${dir}:/usr/bin:/bin`;

  /** Keeps what it is given in a file, and what it was asked in another. */
  function addHelper(name: string): void {
    const path = join(dir, `docker-credential-${name}`);
    const answer = `if [ -s "${dir}/kept" ]; then cat "${dir}/kept"; else echo "credentials not found in native keychain"; exit 1; fi`;
    const cases = `store) cat >"${dir}/kept";; get) read server; ${answer};; erase) rm -f "${dir}/kept";; list) echo '{}';;`;
    writeFileSync(path, `#!/bin/sh\necho "$1" >>"${dir}/calls"\ncase $1 in ${cases} esac\n`);
    chmodSync(path, 0o755);
  }

  test("go to it and come from it, and never into the file", async () => {
    addHelper("test");
    write({ credsStore: "test" });
    const keyring = await open({ PATH: PATH() });
    expect(await keyring.get("r")).toEqual({});
    await keyring.store("r", { username: "ann", password: "secret" });
    expect(JSON.stringify(config())).not.toContain("secret");
    expect(config()).toMatchObject({ auths: { r: {} } });
    expect(JSON.parse(readFileSync(join(dir, "kept"), "utf8"))).toEqual({
      ServerURL: "r",
      Username: "ann",
      Secret: "secret",
    });
    expect(await keyring.get("r")).toEqual({ serveraddress: "r", username: "ann", password: "secret" });
    await (await open({ PATH: PATH() })).erase("r");
    expect([await keyring.get("r"), config()["auths"]]).toEqual([{}, {}]);
  });

  test("a token is told by the name that helpers give it", async () => {
    addHelper("test");
    write({ credHelpers: { r: "test" } });
    const keyring = await open({ PATH: PATH() });
    await keyring.store("r", { username: "ann", identitytoken: "t" });
    expect(await keyring.get("r")).toEqual({ serveraddress: "r", identitytoken: "t" });
    expect(keyring.plainFile("other")).toBe(join(dir, "config.json"));
  });

  test.each([["missing"], ["../../bin/sh"]])("that is no program (%s) is an error", async (name) => {
    write({ credsStore: name });
    expect((await open({ PATH: PATH() })).get("r")).rejects.toThrow("executable file not found in $PATH");
  });
});

const asked: string[] = [];
const engine = serveRecorded((request) => {
  asked.push(request);
  if (request === "POST /auth") return Response.json({ IdentityToken: "", Status: "Login Succeeded" });
  return Response.json([
    { name: "a", description: "evil \x1b[31m", star_count: 3, is_official: true, is_automated: false },
  ]);
});
afterAll(() => engine[Symbol.dispose]());

describe("the commands", () => {
  const tare = (argv: string[], stdin = "") => run(argv, { host: engine.host, configDir: dir, stdin });

  test("login takes a password from standard input, and says where it is kept", async () => {
    const { stdout, stderr, code } = await tare(["login", "-u", "ann", "--password-stdin", "r:5000"], "secret\n");
    expect([stdout, code]).toEqual(["Login Succeeded\n", 0]);
    expect(stderr).toContain(`Your credentials are stored unencrypted in '${dir}/config.json'`);
    expect(config()).toEqual({ auths: { "r:5000": { auth: btoa("ann:secret") } } });
  });

  test.each([
    [["login", "r"], "Error: Cannot perform an interactive login from a non TTY device"],
    [["login", "-p", "x", "--password-stdin", "-u", "a", "r"], "cannot specify both --password and --password-stdin"],
    [["login", "--password-stdin", "r"], "the --password-stdin option requires --username to be set"],
    [["pull", "-a", "x:1"], "tag can't be used with --all-tags/-a"],
    [["push", "x@sha256:1"], "cannot push a digest reference"],
    [["manifest", "rm", "x"], "No such manifest: x:latest"],
    [["manifest", "annotate", "--arch", "arm64", "x", "y"], "manifest for image y:latest does not exist in x:latest"],
    [["manifest", "push", "x"], "x:latest not found"],
  ])("%p is refused in docker's words", async (argv, message) => {
    const { stderr, code } = await tare(argv);
    expect(stderr).toContain(message);
    expect(code).not.toBe(0);
  });

  test("search prints a table, without what drives a terminal", async () => {
    expect((await tare(["search", "x"])).stdout).toBe(
      "NAME      DESCRIPTION     STARS     OFFICIAL\na         evil \\x1b[31m   3         [OK]\n",
    );
  });
});

test("a manifest list is written byte for byte as docker writes it", () => {
  const entry = (Ref: string, architecture: string, mediaType: string) => ({
    Ref,
    Raw: "",
    Descriptor: { mediaType, digest: `sha256:${architecture}`, size: 5, platform: { architecture, os: "linux" } },
  });
  const docker = "application/vnd.docker.distribution.manifest.v2+json";
  expect(writeList([entry("a", "amd64", docker)])).toEqual({
    mediaType: "application/vnd.docker.distribution.manifest.list.v2+json",
    text: `{
   "schemaVersion": 2,
   "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
   "manifests": [
      {
         "mediaType": "${docker}",
         "size": 5,
         "digest": "sha256:amd64",
         "platform": {
            "architecture": "amd64",
            "os": "linux"
         }
      }
   ]
}`,
  });
  expect(writeList([entry("a", "amd64", "application/vnd.oci.image.manifest.v1+json")]).mediaType).toBe(
    "application/vnd.oci.image.index.v1+json",
  );
  expect(() => writeList([entry("a", "", docker)])).toThrow("must have an OS and Architecture");
});
