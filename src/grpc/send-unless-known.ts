/** A tree for somebody who may have it already: then a word is sent instead of the list of its files. */
import { PACKET, type Packet } from "../wire/buildkit/session.ts";
import { describeFile, type FileStat, listDigest, type OutgoingTree } from "../wire/file-transfer.ts";
import type { OpenCall } from "./open-call.ts";
import { sendTree } from "./send-files.ts";

/** `known` is the digest of the list that the other side has. */
export async function sendUnlessKnown(
  call: OpenCall<Packet, Packet>,
  tree: OutgoingTree,
  known: string | undefined,
): Promise<void> {
  if (known === undefined) return sendTree(call, tree);
  const stats: FileStat[] = [];
  for await (const some of tree.entries) stats.push(...some);
  if (listDigest(lines(stats)) !== known)
    return sendTree(call, { entries: once(stats), read: (path) => tree.read(path) });
  await call.send({ type: PACKET.unchanged });
  for await (const { type } of call.answers) {
    if (type !== PACKET.finish) continue;
    await call.send({ type: PACKET.finish });
    call.end();
  }
}

function* lines(stats: readonly FileStat[]): Generator<readonly [string, string]> {
  for (const stat of stats) yield [stat.path, describeFile(stat)];
}

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}
