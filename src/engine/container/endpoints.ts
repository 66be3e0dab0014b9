/** The networks of a container: those it asks for, and what inspect shows of them while it does not run. */
import { invalidParameter } from "../../base/errors.ts";
import type { ContainerCreateRequest, EndpointSettings } from "../../wire/container.ts";
import { emptyEndpoint } from "../../wire/empty.ts";
import type { HostConfig } from "../../wire/host-config.ts";
import { endpointProblems } from "../../wire/validate/endpoint.ts";
import { listProblems } from "../../wire/validate/problems.ts";
import type { EngineContext } from "../context.ts";
import { joinedContainer } from "../network-mode.ts";

type Endpoints = Readonly<Record<string, EndpointSettings>>;

const UNADDRESSED = {
  EndpointID: "",
  Gateway: "",
  IPAddress: "",
  IPPrefixLen: 0,
  MacAddress: "",
  IPv6Gateway: "",
  GlobalIPv6Address: "",
  GlobalIPv6PrefixLen: 0,
} as const;

/**
 * What a new container asks for, by network name; a network that there is not yet stands under the word that the client used.
 * Throws invalidParameter for settings that a network cannot give.
 */
export function wantedEndpoints(
  ctx: EngineContext,
  { NetworkMode }: HostConfig,
  { config, networkingConfig }: ContainerCreateRequest,
): Endpoints {
  if (config.NetworkDisabled === true || joinedContainer(NetworkMode) !== undefined) return {};
  const asked = Object.entries(networkingConfig.EndpointsConfig);
  if (asked.length === 0) return { [nameOf(ctx, NetworkMode)]: emptyEndpoint() };
  return Object.fromEntries(
    asked.map(([ref, settings]) => {
      checkSettings(ctx, ref, settings);
      return [nameOf(ctx, ref), askedFor(settings)];
    }),
  );
}

function nameOf({ network }: EngineContext, ref: string): string {
  try {
    return network.find(ref).name;
  } catch {
    return ref;
  }
}

function checkSettings({ network }: EngineContext, ref: string, settings: EndpointSettings): void {
  const record = network.list().find(({ name, id }) => name === ref || id === ref);
  const problems = [
    ...endpointProblems(record?.name ?? ref, settings),
    ...(record === undefined ? [] : network.problems(record, settings)),
  ];
  if (problems.length === 0) return;
  throw invalidParameter(`invalid config for network ${ref}: invalid endpoint settings:\n${listProblems(problems)}`);
}

/** What is asked for, bound to the networks that an earlier run was on. */
export function boundEndpoints(wanted: Endpoints, shown: Endpoints): Endpoints {
  return Object.fromEntries(
    Object.entries(wanted).map(([name, settings]) => {
      const bound = shown[name]?.NetworkID ?? "";
      return [name, bound === "" ? settings : { ...settings, NetworkID: bound }];
    }),
  );
}

/** Of a container whose run has ended. */
export function unaddressed(endpoints: Endpoints): Endpoints {
  return Object.fromEntries(
    Object.entries(endpoints).map(([name, endpoint]) => [name, { ...endpoint, ...UNADDRESSED }]),
  );
}

/** What a client may ask for; what it cannot know is left out. */
export function askedFor(settings: EndpointSettings): EndpointSettings {
  return { ...settings, ...UNADDRESSED, MacAddress: settings.MacAddress, DNSNames: null };
}
