/** Who runs this, and on which kernel with which features. */
import { type Finding, missing, ok, warning } from "./finding.ts";
import type { Host } from "./host.ts";

/** openat2, close_range, pidfd_getfd and the file-descriptor mount calls are all there. */
const OLDEST_KERNEL = "5.11";
/** An EROFS image can be mounted from a file without a loop device. */
const FILE_BACKED_EROFS = "6.12";
const NAMESPACES = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

export function kernelFindings(host: Host): Finding[] {
  return [
    userFinding(host),
    versionFinding(host),
    fileSystemFinding(host),
    namespaceFinding(host),
    seccompFinding(host),
  ];
}

function userFinding({ uid }: Host): Finding {
  if (uid === 0) return ok("user", "root");
  return warning("user", `user id ${uid}`, {
    why: "The engine needs root; a member of the group tare may use one that runs. Some checks below need root too.",
    fix: "sudo tare doctor",
  });
}

function versionFinding(host: Host): Finding {
  const release = host.read("/proc/sys/kernel/osrelease")?.trim() ?? "";
  if (release === "") {
    return missing("kernel", "not Linux, or /proc is not mounted", {
      why: "Containers are a feature of the Linux kernel.",
      fix: "mount -t proc proc /proc, or use a Linux machine",
    });
  }
  if (isOlder(release, OLDEST_KERNEL)) {
    return missing("kernel", `Linux ${release}`, {
      why: `System calls that keep containers apart from the host came with Linux ${OLDEST_KERNEL}.`,
      fix: "install a newer kernel",
    });
  }
  return ok("kernel", `Linux ${release}`);
}

function fileSystemFinding(host: Host): Finding {
  const known = new Set((host.read("/proc/filesystems") ?? "").split("\n").map((line) => line.split("\t").at(-1)));
  const has = (name: string): boolean => known.has(name) || hasModule(host, name);
  if (!has("overlay")) {
    return missing("file systems", "no overlay", {
      why: "A container's root is an overlay of its image and one writable directory.",
      fix: "modprobe overlay, or a kernel with CONFIG_OVERLAY_FS",
    });
  }
  const release = host.read("/proc/sys/kernel/osrelease")?.trim() ?? "";
  if (!has("erofs") || isOlder(release, FILE_BACKED_EROFS)) {
    return warning("file systems", `overlay, but no ${has("erofs") ? "EROFS from plain files" : "erofs"}`, {
      why: has("erofs")
        ? "Image layers are mounted through loop devices: the same result, one device a layer."
        : "Image layers are extracted instead of mounted: the same result, with slower loading and pulling.",
      fix: `Linux ${FILE_BACKED_EROFS} or newer with CONFIG_EROFS_FS_BACKED_BY_FILE`,
    });
  }
  return ok("file systems", "overlay, erofs");
}

function namespaceFinding(host: Host): Finding {
  const absent = NAMESPACES.filter((name) => !host.exists(`/proc/self/ns/${name}`));
  if (absent.length === 0) return ok("namespaces", NAMESPACES.join(", "));
  const remedy = { why: "Containers are made of them.", fix: `a kernel with ${absent.map(configName).join(", ")}` };
  const what = `missing: ${absent.join(", ")}`;
  return absent.every((name) => name === "user")
    ? warning("namespaces", what, remedy)
    : missing("namespaces", what, remedy);
}

const configName = (namespace: string): string =>
  namespace === "cgroup"
    ? "CONFIG_CGROUPS"
    : `CONFIG_${namespace === "mnt" ? "NAMESPACES" : `${namespace.toUpperCase()}_NS`}`;

function seccompFinding(host: Host): Finding {
  if (host.exists("/proc/sys/kernel/seccomp/actions_avail")) return ok("seccomp", "in the kernel");
  return missing("seccomp", "not in the kernel", {
    why: "Containers would reach every system call; those that ask for --security-opt seccomp=unconfined still run.",
    fix: "a kernel with CONFIG_SECCOMP_FILTER",
  });
}

function hasModule(host: Host, name: string): boolean {
  const release = host.read("/proc/sys/kernel/osrelease")?.trim() ?? "";
  const lists = ["modules.dep", "modules.builtin"].map((file) => host.read(`/lib/modules/${release}/${file}`) ?? "");
  return lists.some((list) => list.includes(`/${name}.ko`));
}

/** Compares the first two numbers. */
function isOlder(release: string, wanted: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}
