/** A tree on its way to a client: what it needs is held until the last byte is gone. */
import { finishing } from "../../base/async-iterator.ts";
import type { OutgoingBody } from "../../base/lent-socket.ts";
import type { Packing } from "../../files/threads/threads.ts";

export function toOutgoing({ blocks, sendTo }: Packing, held: AsyncDisposableStack): OutgoingBody {
  return { body: finishing(blocks, () => held.disposeAsync()), sendTo };
}
