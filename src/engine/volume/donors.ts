/** `--volumes-from <container>[:mode]`: the mounts of another container (moby daemon/volume/mounts, ParseVolumesFrom). */
import { invalidParameter, messageOf } from "../../base/errors.ts";
import type { ContainerMount } from "../../state/container-mount.ts";
import type { Container } from "../container/container.ts";
import type { Registry } from "../container/registry.ts";

const MODES = ["rw", "ro", "z", "Z"];

/** Later donors win. Throws invalidParameter for a bad mode and for a container that is not there. */
export function donatedMounts(registry: Registry, specs: readonly string[]): ContainerMount[] {
  return specs.flatMap((spec) => {
    if (spec === "") throw invalidParameter("volumes-from specification cannot be an empty string");
    const colon = spec.indexOf(":");
    const mode = colon < 0 ? "rw" : spec.slice(colon + 1);
    if (!mode.split(",").every((word) => MODES.includes(word))) throw invalidParameter(`invalid mode: ${mode}`);
    const donor = findDonor(registry, colon < 0 ? spec : spec.slice(0, colon));
    return donor.spec.mounts.map((mount) => donate(mount, mode.split(",").includes("ro")));
  });
}

/** The reference is part of a request, so that an unknown one makes the request wrong. */
function findDonor(registry: Registry, ref: string): Container {
  try {
    return registry.find(ref);
  } catch (error) {
    throw invalidParameter(messageOf(error), { cause: error });
  }
}

function donate(mount: ContainerMount, readOnly: boolean): ContainerMount {
  return { ...mount, mode: "", readOnly: mount.readOnly || readOnly };
}
