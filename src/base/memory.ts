/** Memory given back by hand. */

/**
 * To be called with bytes that nobody will look at again: their memory is given back if they are the end of their buffer, of which
 * somebody may otherwise be filling the rest. The collector would let hundreds of megabytes gather on a large machine, or cost as much as
 * the work itself when it is called often.
 */
export function giveBack({ buffer, byteOffset, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteOffset + byteLength === buffer.byteLength) buffer.transfer(0);
}
