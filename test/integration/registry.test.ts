/** Images by way of Debian's docker-registry: with every way of proving who one is, from engine to engine, and with other tools. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Authority, makeAuthority } from "../../src/image/registry/testing-certificates.ts";
import { peerSocket } from "../harness/compare.ts";
import { TestEngine } from "../harness/engine.ts";
import { ensureBusybox } from "../harness/images.ts";
import { output } from "../harness/process.ts";
import { DockerRegistry, TokenServer } from "../harness/registry.ts";

const USERS = { ann: "secret" };

let engine: TestEngine;
let plain: DockerRegistry;
let dir: string;
/** DiffIDs of the image that travels, as JSON. */
let layers: string;

const owned = new AsyncDisposableStack();
beforeAll(async () => {
  dir = mkdtempSync("/var/tmp/tare-registry-test-");
  owned.defer(() => rmSync(dir, { recursive: true }));
  plain = owned.use(await DockerRegistry.start());
  engine = owned.use(await TestEngine.start({ config: { "registry-certs": join(dir, "certs.d") } }));
  await ensureBusybox(engine.dockerEnv());
  // Two layers, the upper one with a deletion, a hard link, a set-uid file, and a name of arbitrary bytes.
  const change = 'rm /etc/group; echo hi >/a; ln /a /b; mkdir -p "/d/$(printf "\\377")"; chmod 4711 /a';
  await engine.dockerOutput("run", "--name", "maker", "busybox", "sh", "-c", change);
  await engine.dockerOutput("commit", "-c", 'CMD ["cat", "/b"]', "maker", "travels:1");
  await engine.dockerOutput("rm", "maker");
  layers = await layersOf("travels:1");
});

afterAll(() => owned.disposeAsync());

const layersOf = (image: string): Promise<string> =>
  engine.dockerOutput("image", "inspect", "-f", "{{json .RootFS.Layers}}", image);

const skopeo = (...args: string[]): Promise<string> => output(["skopeo", "--insecure-policy", ...args]);

async function tagged(name: string): Promise<string> {
  await engine.dockerOutput("tag", "travels:1", name);
  return name;
}

/** Pulls it, runs it, and looks whether every file is what it was. */
async function expectArrives(image: string): Promise<void> {
  await engine.dockerOutput("rmi", "-f", image).catch(() => undefined);
  await engine.dockerOutput("pull", image);
  expect(await layersOf(image)).toBe(layers);
  expect(await engine.dockerOutput("run", "--rm", image)).toBe("hi");
  const listing = "test ! -e /etc/group && stat -c '%a %h' /a; cd /d; set -- *; printf %s \"$1\" | od -An -tx1";
  expect(await engine.dockerOutput("run", "--rm", image, "sh", "-c", listing)).toBe("4711 2\n ff");
}

test("what one engine pushes another pulls and runs", async () => {
  const image = await tagged(`${plain.host}/one/image:1`);
  await engine.dockerOutput("push", image);
  await using other = await TestEngine.start();
  expect(await other.dockerOutput("run", "--rm", image)).toBe("hi");
  expect(await other.dockerOutput("image", "inspect", "-f", "{{json .RootFS.Layers}}", image)).toBe(layers);
});

describe("logging in", () => {
  const login = (registry: DockerRegistry, password = USERS.ann) =>
    engine.dockerWith({ stdin: password }, "login", "-u", "ann", "--password-stdin", registry.host);

  async function expectGuards(registry: DockerRegistry): Promise<void> {
    const image = await tagged(`${registry.host}/two/image:1`);
    expect((await engine.docker("push", image)).exitCode).toBe(1);
    expect((await login(registry, "wrong")).stderr).toMatch(/401 Unauthorized|incorrect username or password/);
    expect((await login(registry)).stdout).toContain("Login Succeeded");
    await engine.dockerOutput("push", image);
    await expectArrives(image);
    await engine.dockerOutput("logout", registry.host);
  }

  test("with a password", async () => {
    await using registry = await DockerRegistry.start({ users: USERS });
    await expectGuards(registry);
    const refused = await engine.docker("pull", `${registry.host}/two/image:1`);
    expect(refused.stderr).toContain("no basic auth credentials");
  });

  test("with tokens, which are fetched anew when they end", async () => {
    using tokens = new TokenServer(USERS);
    await using registry = await DockerRegistry.start({ tokens });
    await expectGuards(registry);
    expect(
      tokens.asked.some(({ user, scopes }) => user === "ann" && scopes.includes("repository:two/image:pull,push")),
    ).toBe(true);
    // Strangers may pull.
    await expectArrives(`${registry.host}/two/image:1`);
  });

  test("by our own command line, with a refresh token in place of the password", async () => {
    using tokens = new TokenServer(USERS);
    await using registry = await DockerRegistry.start({ tokens });
    const image = await tagged(`${registry.host}/three/image:1`);
    const options = { stdin: "secret", env: { DOCKER_CONFIG: join(dir, "tare-config") } };
    const tare = (...args: string[]) => engine.tareWith(options, ...args);
    expect((await tare("login", "-u", "ann", "--password-stdin", registry.host)).stdout).toBe("Login Succeeded\n");
    expect((await tare("push", image)).stdout).toContain("1: digest: sha256:");
    expect(tokens.asked.at(-1)?.user).toBe("ann");
    expect((await tare("pull", image)).stdout).toContain(`Status: Image is up to date for ${image}`);
  });
});

describe("TLS", () => {
  let authority: Authority;
  let registry: DockerRegistry;
  /** A name that is not insecure for being loopback's address. */
  let host: string;
  beforeAll(async () => {
    authority = makeAuthority(dir);
    registry = await DockerRegistry.start({ tls: authority });
    host = registry.host.replace("127.0.0.1", "registry.test.localhost");
  });
  afterAll(() => registry[Symbol.asyncDispose]());

  test("needs an authority in certs.d", async () => {
    const image = await tagged(`${host}/four/image:1`);
    // The docker client would look the name up by itself, and wait for name servers that do not know it.
    expect((await engine.tare("push", image)).stderr).toContain("x509: certificate signed by unknown authority");
    mkdirSync(join(dir, "certs.d", host), { recursive: true });
    writeFileSync(join(dir, "certs.d", host, "ca.crt"), authority.certificate);
    await engine.tareOutput("push", image);
    await engine.tareOutput("rmi", "-f", image);
    await engine.tareOutput("pull", image);
    expect(await layersOf(image)).toBe(layers);
  });

  test("is not verified for what is insecure", async () => {
    const image = await tagged(`${registry.host}/four/image:2`);
    await engine.dockerOutput("push", image);
    await expectArrives(image);
  });
});

describe("other tools", () => {
  beforeEach(() => engine.dockerOutput("rmi", "-f", `${plain.host}/five/image:1`).catch(() => undefined));

  test("read what we push", async () => {
    const image = await tagged(`${plain.host}/five/image:1`);
    await engine.dockerOutput("push", image);
    const config = JSON.parse(await skopeo("inspect", "--tls-verify=false", "--config", "--raw", `docker://${image}`));
    expect(JSON.stringify(config.rootfs.diff_ids)).toBe(layers);
    const layout = join(dir, "layout");
    await skopeo("copy", "--src-tls-verify=false", `docker://${image}`, `oci:${layout}:1`);
    await skopeo("copy", "--dest-tls-verify=false", `oci:${layout}:1`, `docker://${plain.host}/five/back:1`);
    await expectArrives(`${plain.host}/five/back:1`);
  });

  test.each([
    ["gzip, schema 2", ["--format", "v2s2"]],
    ["gzip, OCI", ["--format", "oci"]],
    ["zstd, OCI", ["--format", "oci", "--dest-compress-format", "zstd"]],
  ])("push what we read: %s", async (_what, options) => {
    const archive = join(dir, "saved.tar");
    await engine.dockerOutput("save", "-o", archive, "travels:1");
    const target = `docker://${plain.host}/five/image:1`;
    await skopeo("copy", "--dest-tls-verify=false", ...options, `docker-archive:${archive}`, target);
    await expectArrives(`${plain.host}/five/image:1`);
    // What came as it is goes as it is.
    const digest = await skopeo("inspect", "--tls-verify=false", "--format", "{{.Digest}}", target);
    await engine.dockerOutput("tag", `${plain.host}/five/image:1`, `${plain.host}/six/image:1`);
    expect(await engine.dockerOutput("push", `${plain.host}/six/image:1`)).toContain(`1: digest: ${digest} `);
  });
});

test("manifest lists of ours and of docker's are the same", async () => {
  const [one, two] = [await tagged(`${plain.host}/list/a:1`), `${plain.host}/list/b:1`];
  await engine.dockerOutput("tag", "busybox", two);
  for (const image of [one, two]) await engine.dockerOutput("push", image);
  const env = { DOCKER_CONFIG: join(dir, "manifests") };
  const digests: string[] = [];
  for (const [program, list] of [
    ["tare", "ours"],
    ["docker", "theirs"],
  ] as const) {
    const run = (...args: string[]) =>
      program === "tare" ? engine.tareWith({ env }, ...args) : engine.dockerWith({ env }, ...args);
    const name = `${plain.host}/list/all:${list}`;
    await run("manifest", "create", "--insecure", name, one, two);
    await run("manifest", "annotate", "--arch", "arm64", "--variant", "v8", name, two);
    digests.push((await run("manifest", "push", "--insecure", "-p", name)).stdout.trim().split("\n").at(-1) ?? "");
  }
  expect(digests[0]).toStartWith("sha256:");
  expect(digests[0]).toBe(digests[1]);
  await engine.dockerOutput("pull", "--platform", "linux/arm64", `${plain.host}/list/all:ours`);
  expect(await layersOf(`${plain.host}/list/all:ours`)).toBe(await layersOf("busybox"));
});

test("a copy between registries is the same image, and leaves nothing here", async () => {
  await using other = await DockerRegistry.start();
  const image = await tagged(`${plain.host}/seven/image:1`);
  await engine.dockerOutput("push", image);
  const said = await engine.tareOutput("image", "cp", image, `${other.host}/eight/image:2`);
  const digestOf = (ref: string) =>
    skopeo("inspect", "--tls-verify=false", "--format", "{{.Digest}}", `docker://${ref}`);
  expect(said).toContain(`Digest: ${await digestOf(image)}`);
  expect(await digestOf(`${other.host}/eight/image:2`)).toBe(await digestOf(image));
  expect((await engine.docker("image", "inspect", `${other.host}/eight/image:2`)).exitCode).toBe(1);
  await expectArrives(`${other.host}/eight/image:2`);
});

/** Every file of an image with what it is and holds, as a container sees it, but for what engines put there. */
const TREE = `
  all() { find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /run -o -name .dockerenv -o -name hosts -o -name hostname -o -name resolv.conf -o -name mtab \\) -prune -o "$@"; }
  { all -type d -not -path / -not -path /etc -exec stat -c '%n %a %u %g' {} +
    all -not -type d -exec stat -c '%n %a %u %g %s %h %F %Y' {} +
    all -type f -exec sha256sum {} +
  } | sort | sha256sum`;

/** Engines that the environment names, as a command line that docker's words follow. */
const PEERS: readonly (readonly [name: string, command: readonly string[], pullFlags: readonly string[]])[] = [
  ...(peerSocket === undefined ? [] : ([["Docker", ["docker", "-H", `unix://${peerSocket}`], []]] as const)),
  ...(process.env.TARE_PEER_ENTER
    ? ([["podman", [...process.env.TARE_PEER_ENTER.split(" "), "podman"], ["--tls-verify=false"]]] as const)
    : []),
];

for (const [name, command, flags] of PEERS) {
  const peer = (...args: string[]): Promise<string> => output([...command, ...args]);

  test(`what we push ${name} pulls and runs, and the other way round, with the same files`, async () => {
    const [ours, theirs] = [await tagged(`${plain.host}/peer/ours:1`), `${plain.host}/peer/theirs:1`];
    await engine.dockerOutput("push", ours);
    const tree = await engine.dockerOutput("run", "--rm", ours, "sh", "-c", TREE);
    await peer("pull", ...flags, ours);
    try {
      expect(await peer("run", "--rm", "--network=none", ours, "sh", "-c", TREE)).toBe(tree);
      await peer("tag", ours, theirs);
      await peer("push", ...flags, theirs);
      await expectArrives(theirs);
      expect(await engine.dockerOutput("run", "--rm", theirs, "sh", "-c", TREE)).toBe(tree);
    } finally {
      await peer("rmi", "-f", ours, theirs);
    }
  });
}
