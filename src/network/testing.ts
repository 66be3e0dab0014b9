/** What the room's tests need: the settings of a network of their own, and requests of containers. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nullLogger } from "../base/log.ts";
import { openDatabase } from "../state/database.ts";
import { createNetworkRows } from "../state/network-rows.ts";
import type { EndpointSettings } from "../wire/container.ts";
import { emptyEndpoint, emptyHostConfig } from "../wire/empty.ts";
import type { HostConfig } from "../wire/host-config.ts";
import type { NetworkCreateRequest } from "../wire/network.ts";
import { createContainerDns } from "./container-dns.ts";
import { createResolver } from "./dns/resolver.ts";
import { subnetPools } from "./ipam/subnet-pools.ts";
import type { NetworkDeps } from "./network.ts";
import { Relay } from "./ports/relay.ts";
import type { DefaultBridge } from "./predefined.ts";

const NATIVE = join(import.meta.dir, "../../native/build");

/** A request for one network, or for those of `endpoints`, by name. */
export function on(NetworkMode: string, endpoints: Readonly<Record<string, Partial<EndpointSettings>>> = {}) {
  const asked = Object.keys(endpoints).length === 0 ? { [NetworkMode]: {} } : endpoints;
  const settings = Object.entries(asked).map(([name, given]) => [name, { ...emptyEndpoint(), ...given }] as const);
  const hostConfig: HostConfig = { ...emptyHostConfig(), NetworkMode };
  return { name: "box", config: { Hostname: "" }, hostConfig, endpoints: Object.fromEntries(settings) };
}

export function networkRequest(Name: string, given: Partial<NetworkCreateRequest> = {}): NetworkCreateRequest {
  return {
    Name,
    Driver: "",
    Scope: "",
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigOnly: false,
    Options: {},
    Labels: {},
    ...given,
  };
}

/** Where the networks of one engine are kept, from one start of it to the next. */
export interface Home {
  /** A network's settings; its default bridge has the name of the home. */
  deps(bridge?: Partial<DefaultBridge>, given?: Partial<NetworkDeps>): NetworkDeps;
  remove(): void;
}

/** `name` is that of the default bridge; no other test's. */
export function createHome(name: string): Home {
  const dir = mkdtempSync(join(tmpdir(), "tare-network-"));
  const db = openDatabase(join(dir, "tare.db"));
  const hostFiles = { resolvConf: "/etc/resolv.conf", resolvedResolvConf: "/run/systemd/resolve/resolv.conf" };
  return {
    deps: (bridge = {}, given = {}) => ({
      bridge: { name, subnet: undefined, subnetV6: undefined, range: undefined, ipv6: false, options: {}, ...bridge },
      pools: subnetPools(name, []),
      defaultOptions: {},
      nftTable: `tare_test_${name}`,
      engineId: name,
      rows: createNetworkRows(db),
      resolver: createResolver({
        program: { path: join(NATIVE, "tare-resolver"), dir: join(dir, "resolver") },
        log: nullLogger,
      }),
      relay: new Relay({ program: { path: join(NATIVE, "tare-relay"), dir: join(dir, "relay") }, log: nullLogger }),
      dns: createContainerDns({ hostFiles, dns: { nameservers: [], search: [], options: [] } }),
      log: nullLogger,
      ...given,
    }),
    remove: () => {
      db.close();
      rmSync(dir, { recursive: true });
    },
  };
}
