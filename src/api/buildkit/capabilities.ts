/** What this engine tells BuildKit's clients about itself, by which they choose what to send. */

import { VERSION } from "../../base/version.ts";
import type { WorkerFacts } from "../backend.ts";

/** Of the gateway's protocol. "return" is what lets a client hand its result back. */
const FRONTEND_CAPS = [
  "solve.base",
  "resolveimage",
  "readfile",
  "return",
  "returnmap",
  "readdir",
  "statfile",
  "importcaches",
  "proto.refarray",
  "reference.output",
  "frontend.inputs",
  "frontend.caps",
  "gateway.solve.metadata",
  "gateway.evaluate",
  "gateway.warnings",
] as const;

/** Of operations that clients themselves send. */
const LLB_CAPS = [
  "source.image",
  "source.local",
  "source.http",
  "source.git",
  "platform",
  "constraints",
  "meta.description",
  "exporter.image.annotations",
  "exporter.image.attestations",
  "exporter.multiple",
  "exporter.sourcedateepoch",
  "gc.freespacefilter",
] as const;

const toCaps = (ids: readonly string[]) => ids.map((id) => ({ id, enabled: true }));

export const CAPS = { frontendApiCaps: toCaps(FRONTEND_CAPS), llbCaps: toCaps(LLB_CAPS) };

/** The snapshotter's label tells clients that images have manifests and caches can be exported here. */
export function toWorker({ id, platforms, hostGateway, hostname }: WorkerFacts) {
  const labels = {
    "org.mobyproject.buildkit.worker.executor": "oci",
    "org.mobyproject.buildkit.worker.hostname": hostname,
    "org.mobyproject.buildkit.worker.network": "host",
    "org.mobyproject.buildkit.worker.snapshotter": "overlayfs",
    "org.mobyproject.buildkit.worker.moby.host-gateway-ip": hostGateway(),
  };
  return {
    id,
    labels: new Map(Object.entries(labels)),
    platforms: [...platforms],
    buildkitVersion: BUILDKIT_VERSION,
  };
}

/** Clients compare it with what they need; the protocol spoken here is BuildKit 0.25's. */
export const BUILDKIT_VERSION = { package: "tare", version: "v0.25.2", revision: VERSION };
