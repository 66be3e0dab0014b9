/** The programs and libraries of other packages that the engine uses. */
import { type Finding, missing, ok, type Remedy, warning } from "./finding.ts";
import type { Host } from "./host.ts";

const LIBRARY_FOLDERS = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu"];
const MORE_FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"];
const INSTALLERS = {
  "apt-get": "apt-get install",
  dnf: "dnf install",
  apk: "apk add",
  pacman: "pacman -S",
  zypper: "zypper install",
};

export function programFindings(host: Host): Finding[] {
  return [...runtimeFindings(host), libseccompFinding(host), nftFinding(host), busyboxFinding(host)];
}

/** One of the two must be there; crun is the faster. */
function runtimeFindings(host: Host): Finding[] {
  const [crun, runc] = ["crun", "runc"].map((name) => versionOf(host, name));
  if (crun === undefined && runc === undefined) {
    return [
      missing("runtime", "neither crun nor runc", { why: "They start the containers.", fix: install(host, "crun") }),
    ];
  }
  const slow: Remedy = {
    why: "Containers start with runc, which takes about twice as long.",
    fix: install(host, "crun"),
  };
  const only: Remedy = { why: "`--runtime runc` does not work.", fix: install(host, "runc") };
  return [
    crun === undefined ? warning("crun", "not installed", slow) : ok("crun", crun),
    runc === undefined ? warning("runc", "not installed", only) : ok("runc", runc),
  ];
}

function libseccompFinding(host: Host): Finding {
  const path = [...LIBRARY_FOLDERS, ...MORE_FOLDERS].find((folder) => host.exists(`${folder}/libseccomp.so.2`));
  if (path !== undefined) return ok("libseccomp", `${path}/libseccomp.so.2`);
  return missing("libseccomp", "libseccomp.so.2 not found", {
    why: "It compiles the system call filter that every container gets.",
    fix: install(host, "libseccomp2"),
  });
}

function nftFinding(host: Host): Finding {
  if (host.find("nft") !== undefined) return ok("nft", versionOf(host, "nft") ?? "installed");
  return warning("nft", "not installed", {
    why: "The engine does without, but the doctor cannot look at other firewalls of this machine.",
    fix: install(host, "nftables"),
  });
}

function busyboxFinding(host: Host): Finding {
  if (host.find("busybox") !== undefined) return ok("busybox", host.find("busybox") ?? "");
  return warning("busybox", "not installed", {
    why: "The image busybox cannot be made on this machine; it can be loaded or pulled.",
    fix: install(host, "busybox-static"),
  });
}

/** The first line of `program --version`, without the program's name; undefined when it is not installed. */
function versionOf(host: Host, program: string): string | undefined {
  if (host.find(program) === undefined) return undefined;
  const line = host.run([program, "--version"]).stdout.split("\n")[0] ?? "";
  return line.replace(new RegExp(`^${program}( version)? `), "").trim() || "installed";
}

/** The command of this distribution; `name` is Debian's, which the others mostly share. */
function install(host: Host, name: string): string {
  const installer = Object.entries(INSTALLERS).find(([program]) => host.find(program) !== undefined)?.[1];
  const theirs =
    installer === "apt-get install" ? name : name.replace(/^libseccomp2$/, "libseccomp").replace(/-static$/, "");
  return installer === undefined ? `install ${theirs} from its project` : `${installer} ${theirs}`;
}
