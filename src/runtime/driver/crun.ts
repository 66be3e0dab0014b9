/** crun: takes the compiled filter as it is, and would otherwise compile the profile at every start. */
import type { CompiledSeccomp } from "../seccomp/cache.ts";
import type { Spec } from "../spec/oci.ts";
import { createDriver, type Driver, type DriverSettings } from "./driver.ts";

/** crun(1): "raw data for seccomp(2), in base64". Flags still come from linux.seccomp. */
const PROGRAM_ANNOTATION = "run.oci.seccomp_bpf_data";

export function createCrun(settings: DriverSettings): Driver {
  return createDriver(settings, {
    options: ["--cgroup-manager=cgroupfs"],
    keepsFilesOnly: true,
    withSeccomp: withProgram,
    masksFromHost: () => true,
    sizesLate: true,
  });
}

function withProgram(spec: Spec, filter: CompiledSeccomp): Spec {
  const { flags, defaultAction, architectures } = filter.resolved;
  const seccomp = flags === undefined ? {} : { seccomp: { defaultAction, architectures, flags, syscalls: [] } };
  return {
    ...spec,
    annotations: { ...spec.annotations, [PROGRAM_ANNOTATION]: filter.program() },
    linux: { ...spec.linux, ...seccomp },
  };
}
