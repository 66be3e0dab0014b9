/** What an engine leaves in the namespace of a container when it dies while it puts the container on a network, or takes it off. */
import { messageOf } from "../base/errors.ts";
import type { Logger } from "../base/log.ts";
import type { LinkRemover } from "./device/remover.ts";
import type { NetworkWorker } from "./device/worker-client.ts";
import type { LiveNetwork } from "./live-network.ts";

export interface StraysDeps {
  readonly worker: NetworkWorker;
  readonly remover: LinkRemover;
  /** What the aliases of this engine's interfaces begin with. */
  readonly alias: string;
  readonly log: Logger;
}

/** Takes away the interfaces on our bridges that no endpoint has. To be called before any other is made. */
export async function removeStrays(networks: readonly LiveNetwork[], deps: StraysDeps): Promise<void> {
  const { worker, remover, alias, log } = deps;
  try {
    const ports = await worker.portsOf(alias);
    const known = new Set(networks.flatMap(hostNamesOn));
    await Promise.all(ports.filter((port) => !known.has(port)).map((port) => remover.deletePair(port)));
  } catch (error) {
    log.warn("network.strays", { error: messageOf(error) });
  }
}

function hostNamesOn({ users, device }: LiveNetwork): string[] {
  return [...users.values()].flatMap(({ endpointId }) => {
    const link = device.link(endpointId);
    return link.kind === "bridge" ? [link.hostName] : [];
  });
}
