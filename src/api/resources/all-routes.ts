/** Every endpoint, the more particular before the more general. */
import type { Logger } from "../../base/log.ts";
import type { HostLimits } from "../../wire/validate/resources.ts";
import type { Backend } from "../backend.ts";
import type { Route } from "../router.ts";
import { absentRoutes } from "./absent.ts";
import { archiveRoutes } from "./archives.ts";
import { buildkitRoutes } from "./buildkit.ts";
import { containerRoutes } from "./containers.ts";
import { diskUsageRoutes } from "./disk-usage.ts";
import { execRoutes } from "./execs.ts";
import { imageArchiveRoutes } from "./image-archives.ts";
import { imageCheckRoutes } from "./image-checks.ts";
import { imageRoutes } from "./images.ts";
import { lifecycleRoutes } from "./lifecycle.ts";
import { networkRoutes, pluginRoutes } from "./networks.ts";
import { registryRoutes } from "./registries.ts";
import { streamRoutes } from "./streams.ts";
import { systemRoutes } from "./system.ts";
import { volumeCopyRoutes } from "./volume-copies.ts";
import { volumeRoutes } from "./volumes.ts";

export function allRoutes(backend: Backend, hostLimits: HostLimits, log: Logger): Route[] {
  return [
    ...systemRoutes(backend.system),
    ...diskUsageRoutes(backend),
    ...containerRoutes(backend.containers, hostLimits),
    ...lifecycleRoutes(backend.containers),
    ...streamRoutes(backend.containers),
    ...archiveRoutes(backend.archives),
    ...execRoutes(backend.execs),
    ...imageCheckRoutes(backend.images),
    ...imageArchiveRoutes(backend.images, backend.registries),
    ...registryRoutes(backend.registries),
    ...imageRoutes(backend.images),
    ...volumeCopyRoutes(backend.volumes),
    ...volumeRoutes(backend.volumes),
    ...buildkitRoutes(backend.builds, log),
    ...(backend.networks === undefined ? [] : networkRoutes(backend.networks)),
    ...pluginRoutes(),
    ...absentRoutes(backend),
  ];
}
