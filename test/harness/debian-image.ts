/**
 * Images of real servers, made of Debian's packages through the machine's own package mirror: a package with all that it depends on,
 * unpacked and imported. The archives are kept beside the modules that the set-up has installed.
 */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { REPO } from "./engine.ts";
import { output } from "./process.ts";

const KEPT = join(REPO, "node_modules/.cache/tare-debian");
const DOWNLOAD_TIMEOUT_MS = 180_000;

/** What packages need to be configured, or for features that no test uses. */
const UNWANTED =
  /^(adduser|debconf|dpkg|init-system-helpers|iproute2|libbpf\d+|libc-l10n|libdb5.*|libelf\d+|libllvm.*|libperl.*|libz3.*|locales|openssl|perl.*|postgresql-client-common|ssl-cert|tar|ucf|usrmerge)$/;

/** Users as they are on an installed Debian, where the packages' scripts make most of them. */
const USERS: readonly (readonly [id: number, user: string, group: string])[] = [
  [0, "root", "root"],
  [33, "www-data", "www-data"],
  [101, "redis", "redis"],
  [102, "postgres", "postgres"],
  [65534, "nobody", "nogroup"],
];

export interface DebianImage {
  readonly name: string;
  readonly packages: readonly string[];
  /** Run by the host's shell in the new root directory once everything is unpacked there. */
  readonly script: string;
  /** Lines of a Dockerfile. */
  readonly changes: readonly string[];
  /** Nothing is left out, and dpkg knows what is installed, so that more can be. */
  readonly isComplete?: boolean;
}

/** Waits for connections on port 80 with whatever is mounted as its configuration. */
export const NGINX: DebianImage = {
  name: "nginx",
  packages: ["nginx-light"],
  script: "",
  changes: ['CMD ["nginx","-g","daemon off;"]', "EXPOSE 80", "STOPSIGNAL SIGQUIT"],
};

/** Writes every change into its volume /data. */
export const REDIS: DebianImage = {
  name: "redis",
  packages: ["redis-server"],
  script: "mkdir data && chown 101:101 data",
  changes: [
    'CMD ["redis-server","--appendonly","yes","--protected-mode","no","--dir","/data"]',
    "EXPOSE 6379",
    "USER redis",
    "VOLUME /data",
    'HEALTHCHECK --interval=200ms CMD ["redis-cli","ping"]',
  ],
};

const SERVE_POSTGRES = `#!/bin/sh
if ! [ -s "$PGDATA/PG_VERSION" ]; then
  initdb --no-sync -A trust >/dev/null && echo "host all all all trust" >>"$PGDATA/pg_hba.conf" || exit
fi
exec postgres -c "listen_addresses=*"
`;

/** Trusts everybody; its cluster is made with the first start on a volume at /var/lib/postgresql. */
export const POSTGRES: DebianImage = {
  name: "postgres",
  packages: ["postgresql"],
  script: `
    mkdir -p usr/local/bin && ln -sr usr/lib/postgresql/*/bin/* usr/local/bin/
    printf '%s' '${SERVE_POSTGRES}' >usr/local/bin/serve && chmod 755 usr/local/bin/serve
    rm -rf var/run && ln -s /run var/run
    mkdir -p var/lib/postgresql run/postgresql && chown 102:102 var/lib/postgresql run/postgresql`,
  changes: [
    'CMD ["serve"]',
    "ENV PGDATA=/var/lib/postgresql/data",
    "EXPOSE 5432",
    "USER postgres",
    "VOLUME /var/lib/postgresql",
    "STOPSIGNAL SIGINT",
    'HEALTHCHECK --interval=200ms CMD ["pg_isready","-q","-h","127.0.0.1"]',
  ],
};

/** Runs JavaScript. */
export const NODE: DebianImage = { name: "node", packages: ["nodejs"], script: "", changes: ["CMD node"] };

/** Compiles C, also into programs that need nothing else. */
export const GCC: DebianImage = {
  name: "gcc",
  packages: ["gcc", "libc6-dev", "make"],
  script: "rm -rf usr/share usr/lib/gcc/*/*/lib*san* usr/lib/gcc/*/*/lto*",
  changes: ["CMD sh"],
};

/** Installs packages from where this machine has its own. */
export const DEBIAN: DebianImage = {
  name: "debian",
  packages:
    "apt base-passwd debconf debian-archive-keyring diffutils findutils gzip init-system-helpers libc-bin mawk perl-base tar".split(
      " ",
    ),
  script: `
    sources=$(grep -lsr debian-archive-keyring /etc/apt/sources.list.d || echo /etc/apt/sources.list)
    cp $sources etc/apt/$(test -e /etc/apt/sources.list || echo sources.list.d/)
    apt-config dump | grep -i '^acquire::https*::proxy' >etc/apt/apt.conf.d/90proxy || true
    echo 'APT::Sandbox::User "root";' >etc/apt/apt.conf.d/90root
    ln -s mawk usr/bin/awk`,
  changes: ["CMD bash"],
  isComplete: true,
};

/** Gives an engine the image if it has none of that name. Needs the network when its archive is not there yet. */
export async function ensureDebian(dockerEnv: Readonly<Record<string, string>>, image: DebianImage): Promise<void> {
  const env = { ...dockerEnv };
  if ((await output(["docker", "images", "-q", image.name], { env })) !== "") return;
  const changes = image.changes.flatMap((change) => ["--change", change]);
  await output(["docker", "import", ...changes, await debianRoot(image), image.name], { env });
}

/** The path of the image's root file system as an archive, which is made if it is not there. */
export async function debianRoot(image: DebianImage): Promise<string> {
  const recipe = JSON.stringify([
    image.packages,
    image.script,
    UNWANTED.source,
    USERS,
    ...(image.isComplete ? ["complete"] : []),
  ]);
  const path = join(KEPT, `${image.name}-${createHash("sha256").update(recipe).digest("hex").slice(0, 12)}.tar`);
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const dir = mkdtempSync(join(KEPT, "making-"));
  try {
    await makeRoot(image, dir);
    renameSync(join(dir, "root.tar"), path);
    return path;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Unpacked as dpkg would, and written down as it does. */
const UNPACK = `
  mkdir -p root/var/lib/dpkg/info
  for deb in *.deb; do
    name=$(dpkg-deb -f $deb package)
    dpkg-deb -X $deb root | sed 's|^\\./|/|; s|/$||; s|^$|/.|' >root/var/lib/dpkg/info/$name.list
    { dpkg-deb -f $deb | sed '/^Package:/a Status: install ok installed'; echo; } >>root/var/lib/dpkg/status
  done`;

async function makeRoot({ packages, script, isComplete = false }: DebianImage, dir: string): Promise<void> {
  const options = { cwd: dir, timeoutMs: DOWNLOAD_TIMEOUT_MS };
  const all = await withDependencies(packages);
  const wanted = isComplete ? all : all.filter((name) => !UNWANTED.test(name.replace(/=.*/, "")));
  const root = join(dir, "root");
  mkdirSync(root);
  chmodSync(root, 0o755);
  await output(["apt-get", "download", "-qq", ...wanted], options);
  await output(
    ["sh", "-ec", isComplete ? UNPACK : "for deb in *.deb; do dpkg-deb -x $deb root || exit 1; done"],
    options,
  );
  writeFileSync(join(root, "etc/passwd"), USERS.map(([id, user]) => `${user}:x:${id}:${id}::/:/bin/sh\n`).join(""));
  writeFileSync(join(root, "etc/group"), USERS.map(([id, , group]) => `${group}:x:${id}:\n`).join(""));
  await output(["sh", "-ec", script], { cwd: root });
  await output(["tar", "-C", "root", "--numeric-owner", "-cf", "root.tar", "."], options);
}

/** The names and versions of everything that an empty system would get with the packages. */
async function withDependencies(packages: readonly string[]): Promise<string[]> {
  const flags = ["-y", "--no-install-recommends", "--simulate", "-o", "Dir::State::status=/dev/null"];
  const command = ["apt-get", "install", ...flags, "bash", "coreutils", "dash", "grep", "sed", ...packages];
  const listed = await output(command).catch(async () => {
    await output(["apt-get", "update", "-qq"], { timeoutMs: DOWNLOAD_TIMEOUT_MS });
    return output(command);
  });
  return [...listed.matchAll(/^Inst (\S+) \((\S+)/gm)].map(([, name = "", version = ""]) => `${name}=${version}`);
}
