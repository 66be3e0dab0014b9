/** The label by which clients, and prune, know volumes that nobody has given a name (moby volume/service). */
import type { VolumeRecord } from "../../state/volume-record.ts";

export const ANONYMOUS_LABEL = "com.docker.volume.anonymous";

export const isAnonymous = ({ labels }: VolumeRecord): boolean => labels !== null && ANONYMOUS_LABEL in labels;
