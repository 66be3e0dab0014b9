/** fsutil's protocol, sending: a tree to the client's directory (`--output type=local`), and single files as bytes. */
import { invalidParameter } from "../base/errors.ts";
import { PACKET, type Packet } from "../wire/buildkit/session.ts";
import type { OutgoingTree } from "../wire/file-transfer.ts";
import { toStat } from "./file-stat.ts";
import type { OpenCall } from "./open-call.ts";

const CHUNK_BYTES = 32 * 1024;
const BYTES_CHUNK = 1024 * 1024;

/** Resolves when the other side has everything. Why it ends the call before that is the better reason, when it gives one. */
export async function sendFile(
  call: OpenCall<{ data: Uint8Array }, { data: Uint8Array }>,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const answered = drain(call.answers);
  answered.catch(() => undefined);
  try {
    for await (const piece of bytes) {
      for (let at = 0; at < piece.length; at += BYTES_CHUNK) {
        await call.send({ data: piece.subarray(at, at + BYTES_CHUNK) });
      }
    }
    call.end();
  } catch (error) {
    call.cancel();
    await answered;
    throw error;
  }
  await answered;
}

async function drain(answers: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of answers);
}

/** Entries go ahead; contents follow as the client asks for them. */
export async function sendTree(call: OpenCall<Packet, Packet>, tree: OutgoingTree): Promise<void> {
  const paths: string[] = [];
  const announcing = announce(call, tree.entries, paths);
  announcing.catch(() => call.cancel());
  for await (const packet of call.answers) {
    if (packet.type === PACKET.request) await sendContent(call, tree, { id: packet.id, path: paths[packet.id] });
    else if (packet.type === PACKET.error) throw invalidParameter(Buffer.from(packet.data).toString());
    else if (packet.type === PACKET.finish) {
      await announcing;
      await call.send({ type: PACKET.finish });
      call.end();
    }
  }
  await announcing;
}

async function announce(
  call: OpenCall<Packet, Packet>,
  entries: OutgoingTree["entries"],
  paths: string[],
): Promise<void> {
  for await (const some of entries) {
    for (const entry of some) {
      paths.push(entry.path);
      await call.send({ type: PACKET.stat, stat: toStat(entry) });
    }
  }
  await call.send({ type: PACKET.stat });
}

async function sendContent(
  call: OpenCall<Packet, Packet>,
  tree: OutgoingTree,
  { id, path }: { id: number; path: string | undefined },
): Promise<void> {
  if (path === undefined) throw invalidParameter(`the client asks for file ${id}, which was not announced`);
  for await (const piece of tree.read(path)) {
    for (let at = 0; at < piece.length; at += CHUNK_BYTES) {
      await call.send({ type: PACKET.data, id, data: piece.subarray(at, at + CHUNK_BYTES) });
    }
  }
  await call.send({ type: PACKET.data, id });
}
