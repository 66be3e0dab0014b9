/** What the command line serves to the engine while it builds: directories, secrets, agents, credentials, a place for results. */
import { hasCode } from "../../../base/errors.ts";
import { type Call, type Endpoint, unary } from "../../../grpc/method.ts";
import { conversation } from "../../../grpc/open-call.ts";
import { sendUnlessKnown } from "../../../grpc/send-unless-known.ts";
import {
  CHECK_AGENT,
  CREDENTIALS,
  FORWARD_AGENT,
  GET_SECRET,
  KNOWN_LIST,
  PULL_UPLOAD,
  SYNC_FILES,
} from "../../../grpc/session-methods.ts";
import { CODE, GrpcError } from "../../../grpc/status.ts";
import type { FilesWanted } from "../../../wire/file-transfer.ts";
import type { Context } from "../../command.ts";
import { openKeyring } from "../../registry/keyring.ts";
import { registryKey } from "../../registry/name.ts";
import { askAgent } from "../agents.ts";
import type { BuildContext } from "../context.ts";
import type { Destination } from "../outputs.ts";
import type { Secret } from "../secrets.ts";
import { receiveEndpoint } from "./receive.ts";
import { type Stores, storeEndpoints } from "./stores.ts";

export interface SessionWish {
  readonly context: Pick<BuildContext, "directories" | "upload">;
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Paths of sockets by the agent's id. */
  readonly agents: ReadonlyMap<string, string>;
  /** By the exporter's index. */
  readonly destinations: ReadonlyMap<number, Destination>;
  readonly stores: Stores;
}

/** Only what there is something to serve for. */
export function sessionEndpoints(surroundings: Pick<Context, "env" | "io">, wish: SessionWish): Endpoint[] {
  const { context, secrets, agents, destinations, stores } = wish;
  return [
    ...(context.directories.size > 0 ? [filesEndpoint(context.directories)] : []),
    ...(context.upload === undefined ? [] : [uploadEndpoint(context.upload)]),
    ...(secrets.size > 0 ? [secretEndpoint(secrets)] : []),
    ...(agents.size > 0 ? agentEndpoints(agents) : []),
    ...(destinations.size > 0 ? [receiveEndpoint(surroundings, destinations)] : []),
    ...(stores.size > 0 ? storeEndpoints(stores) : []),
    credentialsEndpoint(surroundings),
  ];
}

function filesEndpoint(directories: BuildContext["directories"]): Endpoint {
  return conversation(SYNC_FILES, async (peer, call) => {
    const [name = ""] = valuesOf(call, "dir-name");
    const directory = directories.get(name);
    if (directory === undefined) throw new GrpcError(CODE.notFound, `no access allowed to dir ${JSON.stringify(name)}`);
    const wanted: FilesWanted = {
      include: valuesOf(call, "include-patterns"),
      exclude: valuesOf(call, "exclude-patterns"),
      follow: valuesOf(call, "followpaths"),
    };
    await sendUnlessKnown(peer, await directory(wanted), valuesOf(call, KNOWN_LIST)[0]);
  });
}

/** Lists with anything but ASCII come encoded as a whole. */
function valuesOf({ headers }: Call, name: string): readonly string[] {
  const value = headers[name] ?? [];
  const values = typeof value === "string" ? [value] : value;
  if (headers[`${name}-encoded`] !== "1") return values;
  return values.map((each) => decodeURIComponent(each.replaceAll("+", " ")));
}

/** The stream can be had once. */
function uploadEndpoint({ id, body }: NonNullable<BuildContext["upload"]>): Endpoint {
  return conversation(PULL_UPLOAD, async (peer, call) => {
    const [path = ""] = valuesOf(call, "urlpath");
    if (path !== `/${id}`) throw new GrpcError(CODE.notFound, `no upload ${path}`);
    for await (const data of body) await peer.send({ data });
  });
}

function secretEndpoint(secrets: SessionWish["secrets"]): Endpoint {
  return unary(GET_SECRET, async ({ id }) => {
    const secret = secrets.get(id);
    if (secret === undefined) throw new GrpcError(CODE.notFound, `secret ${id} not found`);
    return { data: await secret.read() };
  });
}

function agentEndpoints(agents: SessionWish["agents"]): Endpoint[] {
  const socketOf = (id: string): string => {
    const path = agents.get(id || "default");
    if (path === undefined) throw new GrpcError(CODE.notFound, `unset ssh forward key ${id}`);
    return path;
  };
  return [
    unary(CHECK_AGENT, ({ id }) => {
      socketOf(id);
      return {};
    }),
    conversation(FORWARD_AGENT, async (peer, call) => {
      const [id = ""] = valuesOf(call, "buildkit.ssh.id");
      const requests = (async function* () {
        for await (const { data } of peer.answers) yield data;
      })();
      try {
        for await (const data of askAgent(socketOf(id), requests)) await peer.send({ data });
      } catch (error) {
        if (!hasCode(error, "ECONNREFUSED")) throw error;
        throw new GrpcError(CODE.unavailable, `nobody listens at the ssh agent ${id}`, [], { cause: error });
      }
    }),
  ];
}

/** As Docker's configuration has them. */
function credentialsEndpoint({ env }: Pick<Context, "env">): Endpoint {
  return unary(CREDENTIALS, async ({ host }) => {
    const { username = "", password = "", identitytoken } = await (await openKeyring(env)).get(registryKey(host));
    return identitytoken === undefined || identitytoken === ""
      ? { username, secret: password }
      : { secret: identitytoken };
  });
}
