/**
 * fsutil's protocol, receiving: stats come in order, contents of the files that are asked for come in pieces, several at
 * once. A file is asked for when somebody begins to read it.
 */
import { invalidParameter, messageOf, systemError } from "../base/errors.ts";
import { PACKET, type Packet } from "../wire/buildkit/session.ts";
import type { FileStat, FileTransfer } from "../wire/file-transfer.ts";
import { Channel } from "./channel.ts";
import { comparePaths, fromStat } from "./file-stat.ts";
import type { OpenCall } from "./open-call.ts";

/** As of an archive's entries (base/tar). */
const MAX_ENTRIES = 1_000_000;
/** Of all paths, targets and attributes, which are kept. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

export function receiveFiles(call: OpenCall<Packet, Packet>): FileTransfer {
  const transfer = new Transfer(call);
  void transfer.run();
  return transfer;
}

class Transfer implements FileTransfer {
  readonly stats: AsyncIterable<FileStat>;
  isKnown = false;
  readonly #stats = new Channel<FileStat>();
  readonly #files = new Map<number, Channel<Uint8Array>>();
  readonly #call: OpenCall<Packet, Packet>;
  readonly #finished = Promise.withResolvers<void>();
  /** fsutil counts every stat, also those of sockets that are passed over here. */
  readonly #numbers: number[] = [];
  #received = 0;
  #listBytes = 0;
  #last: string | undefined;
  #failure: Error | undefined;
  #queuedBytes = 0;
  #drained: () => void = () => undefined;

  constructor(call: OpenCall<Packet, Packet>) {
    this.#call = call;
    this.stats = this.#stats;
    this.#finished.promise.catch(() => undefined);
  }

  /** Never rejects: whoever waits for something is told. */
  async run(): Promise<void> {
    try {
      for await (const packet of this.#call.answers) {
        this.#take(packet);
        if (this.#queuedBytes > MAX_QUEUED_BYTES) await this.#room();
      }
      this.#finished.resolve();
      this.#end(invalidParameter("the transfer of files ended too early"));
    } catch (caught) {
      const error = caught instanceof Error ? caught : systemError(messageOf(caught));
      this.#finished.reject(error);
      this.#end(error);
    }
  }

  async *read(index: number): AsyncGenerator<Uint8Array> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#numbers[index];
    if (id === undefined) throw invalidParameter(`no file number ${index} in the transfer`);
    const channel = new Channel<Uint8Array>();
    this.#files.set(id, channel);
    await this.#call.send({ type: PACKET.request, id });
    for await (const piece of channel) {
      this.#queuedBytes -= piece.length;
      this.#drained();
      yield piece;
    }
  }

  async finish(): Promise<void> {
    await this.#call.send({ type: PACKET.finish });
    await this.#finished.promise;
  }

  cancel(): void {
    this.#call.cancel();
  }

  #take(packet: Packet): void {
    switch (packet.type) {
      case PACKET.stat:
        return packet.stat === undefined ? this.#stats.end() : this.#takeStat(packet.stat);
      case PACKET.unchanged:
        this.isKnown = true;
        return this.#stats.end();
      case PACKET.data:
        return this.#takeData(packet);
      case PACKET.finish:
        return this.#call.end();
      case PACKET.error:
        throw invalidParameter(Buffer.from(packet.data).toString());
      default:
        throw invalidParameter(`unexpected packet of type ${packet.type} in a transfer of files`);
    }
  }

  /** Contents that nobody has taken yet hold the client back. */
  async #room(): Promise<void> {
    while (this.#queuedBytes > MAX_QUEUED_BYTES) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
  }

  #takeStat(sent: NonNullable<Packet["stat"]>): void {
    const id = this.#received++;
    this.#listBytes += sizeOf(sent);
    if (this.#received > MAX_ENTRIES || this.#listBytes > MAX_LIST_BYTES) {
      throw invalidParameter("too many files in a transfer");
    }
    const stat = fromStat(sent);
    if (stat === undefined) return;
    if (this.#last !== undefined && comparePaths(this.#last, stat.path) >= 0) {
      throw invalidParameter(`path ${JSON.stringify(stat.path)} is out of order in a transfer of files`);
    }
    this.#last = stat.path;
    this.#numbers.push(id);
    this.#stats.push(stat);
  }

  #takeData({ id, data }: Packet): void {
    const channel = this.#files.get(id);
    if (channel === undefined) throw invalidParameter(`data of file ${id}, which nobody asked for`);
    if (data.length > 0) {
      this.#queuedBytes += data.length;
      return channel.push(data);
    }
    this.#files.delete(id);
    channel.end();
  }

  #end(error: Error): void {
    this.#failure = error;
    this.#stats.fail(error);
    for (const channel of this.#files.values()) channel.fail(error);
  }
}

function sizeOf({ path, linkName, xattrs }: NonNullable<Packet["stat"]>): number {
  let size = path.length + linkName.length;
  for (const [name, value] of xattrs) size += name.length + value.length;
  return size;
}
