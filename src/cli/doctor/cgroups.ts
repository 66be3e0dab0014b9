/** How control groups are laid out here: version 1, version 2, or the hybrid of both with its trap. */
import { type Finding, missing, ok, warning } from "./finding.ts";
import type { Host } from "./host.ts";

const NAME = "cgroups";
const BASE = "/sys/fs/cgroup";
const WANTED_V2 = ["cpu", "memory", "pids"];
const WANTED_V1 = ["cpu", "cpuset", "devices", "freezer", "memory", "pids"];

export function cgroupFindings(host: Host): Finding[] {
  const unified = host.read(`${BASE}/cgroup.controllers`);
  if (unified !== undefined) return [v2Finding(words(unified))];
  if (WANTED_V1.some((name) => host.exists(`${BASE}/${name}`))) return [v1Finding(host)];
  return [
    missing(NAME, `nothing mounted on ${BASE}`, {
      why: "Nothing could limit, count or stop a container's processes.",
      fix: `mount -t cgroup2 cgroup2 ${BASE}`,
    }),
  ];
}

function v2Finding(controllers: readonly string[]): Finding {
  const absent = WANTED_V2.filter((name) => !controllers.includes(name));
  if (absent.length === 0) return ok(NAME, `version 2: ${controllers.join(" ")}`);
  return warning(NAME, `version 2 without ${absent.join(", ")}`, {
    why: `Limits of ${absent.join(", ")} are refused.`,
    fix: `add cgroup_enable=${absent[0]} to the kernel's command line, or delegate the controllers to this machine`,
  });
}

function v1Finding(host: Host): Finding {
  const hybrid = words(host.read(`${BASE}/unified/cgroup.controllers`) ?? "");
  if (hybrid.includes("hugetlb")) {
    return missing(NAME, "version 1 beside a version 2 tree that owns hugetlb", {
      why: "crun refuses to start containers on such a hybrid.",
      fix: `mkdir -p ${BASE}/hugetlb && mount -t cgroup -o hugetlb cgroup ${BASE}/hugetlb`,
    });
  }
  const absent = WANTED_V1.filter((name) => !host.exists(`${BASE}/${name}`));
  if (absent.length === 0) return ok(NAME, `version 1: ${WANTED_V1.join(" ")}`);
  const [first = ""] = absent;
  return missing(NAME, `version 1 without ${absent.join(", ")}`, {
    why: "Containers cannot be limited, paused or kept from devices.",
    fix: `mkdir -p ${BASE}/${first} && mount -t cgroup -o ${first} cgroup ${BASE}/${first}`,
  });
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");
