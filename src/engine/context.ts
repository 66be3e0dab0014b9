/** What every action of the engine room works with; made once by `daemon/`. */

import type { Background } from "../base/background.ts";
import type { KeyedLocks } from "../base/locks.ts";
import type { Logger } from "../base/log.ts";
import type { FileThreads } from "../files/threads/threads.ts";
import type { ContainerRows } from "../state/container-rows.ts";
import type { LogConfig } from "../wire/host-config.ts";
import type { Container } from "./container/container.ts";
import type { Registry } from "./container/registry.ts";
import type { EventBus } from "./events.ts";
import type { ExecSessions } from "./exec/sessions.ts";
import type { Paths } from "./paths.ts";
import type { EtcFiles, Images, Network, RootFileSystems, Runtime, Volumes } from "./ports.ts";

export interface EngineContext {
  readonly paths: Paths;
  readonly rows: ContainerRows;
  readonly registry: Registry;
  readonly execs: ExecSessions;
  readonly images: Images;
  readonly roots: RootFileSystems;
  readonly volumes: Volumes;
  /** Packs, unpacks and compares file trees away from the event loop. */
  readonly files: FileThreads;
  readonly network: Network;
  readonly etcFiles: EtcFiles;
  readonly runtime: Runtime;
  readonly events: EventBus;
  /** One lifecycle action per container id. */
  readonly locks: KeyedLocks;
  readonly background: Background;
  readonly log: Logger;
  readonly defaults: EngineDefaults;
}

export interface EngineDefaults {
  readonly logConfig: LogConfig;
  readonly shmBytes: number;
  readonly init: boolean;
}

/** Tells a container event with Docker's attributes: the labels, the image reference and the name. */
export function tell(
  ctx: Pick<EngineContext, "events">,
  container: Container,
  action: string,
  extra: Readonly<Record<string, string>> = {},
): void {
  const { config, imageRef } = container.spec;
  ctx.events.publish({
    type: "container",
    action,
    id: container.id,
    attributes: { ...config.Labels, image: imageRef, name: container.name, ...extra },
  });
}
