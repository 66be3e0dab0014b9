/** Results that the engine sends: a tree into a directory, one file under its name once it is whole, or to standard output. */
import { mkdirSync } from "node:fs";
import type { Call, Endpoint } from "../../../grpc/method.ts";
import { conversation } from "../../../grpc/open-call.ts";
import { receiveFiles } from "../../../grpc/receive-files.ts";
import { SEND_BYTES, SEND_TREE } from "../../../grpc/session-methods.ts";
import { CODE, GrpcError } from "../../../grpc/status.ts";
import type { Context } from "../../command.ts";
import { absolutePath } from "../../container/paths.ts";
import { writeOutput } from "../../output-file.ts";
import type { Destination } from "../outputs.ts";

type Surroundings = Pick<Context, "env" | "io">;

/** Both protocols come to one method; which of them it is depends on the exporter. */
export function receiveEndpoint(surroundings: Surroundings, destinations: ReadonlyMap<number, Destination>): Endpoint {
  const destinationOf = ({ headers }: Call): Destination => {
    const found = destinations.get(Number(headers["buildkit-attachable-exporter-id"] ?? 0));
    if (found === undefined) throw new GrpcError(CODE.notFound, "no exporter asked for files");
    return found;
  };
  const trees = conversation(SEND_TREE, async (peer, call) => {
    const destination = destinationOf(call);
    const directory = absolutePath(surroundings.env.cwd, destination.kind === "directory" ? destination.path : ".");
    mkdirSync(directory, { recursive: true });
    const { receiveLocal } = await import("../../../files/receive-local.ts");
    await receiveLocal(directory, receiveFiles(peer));
  });
  const files = conversation(SEND_BYTES, async (peer, call) =>
    writeBytes(surroundings, destinationOf(call), wholeOf(peer.answers, call)),
  );
  return {
    path: SEND_BYTES.path,
    serve: (incoming, call) => (destinationOf(call).kind === "directory" ? trees : files).serve(incoming, call),
  };
}

/** A stream that was cut off ends as one that is whole does. */
async function* wholeOf(messages: AsyncIterable<{ data: Uint8Array }>, { signal }: Call): AsyncGenerator<Uint8Array> {
  for await (const { data } of messages) yield data;
  signal.throwIfAborted();
}

async function writeBytes({ env, io }: Surroundings, to: Destination, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  if (to.kind !== "stdout") return writeOutput(env.cwd, to.path, bytes);
  for await (const piece of bytes) await io.stdout.write(piece);
}
