/** Loop devices: files as block devices, loop(4). A device frees itself when the last mount or descriptor of it is gone. */
import { hasCode } from "../base/errors.ts";
import { openPath } from "./at.ts";
import type { OwnedFd } from "./fd.ts";
import { check, libc } from "./ffi.ts";
import { O } from "./open-flags.ts";

// After linux/loop.h.
const LOOP_CONFIGURE = 0x4c0a;
const LOOP_CTL_GET_FREE = 0x4c82;
const LO_FLAGS_READ_ONLY = 1;
const LO_FLAGS_AUTOCLEAR = 4;
const LO_FLAGS_DIRECT_IO = 16;
/** struct loop_config, with struct loop_info64 at 8. */
const CONFIG_BYTES = 304;
const FLAGS_AT = 8 + 52;

const lib = libc({ ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" } });
const numberLib = libc({ ioctl: { args: ["i32", "u64", "u64"], returns: "i32" } });

const ATTEMPTS = 16;

export interface LoopDevice extends Disposable {
  /** "/dev/loop7": to be mounted before the device is disposed of. */
  readonly path: string;
}

/** Makes `path` a read-only block device of 512-byte blocks. Somebody else may take a free device first: then the next is tried. */
export function attachLoop(path: string, { directIo = false } = {}): LoopDevice {
  using file = openPath(path, O.RDONLY);
  using control = openPath("/dev/loop-control", O.RDWR);
  for (let attempt = 1; ; attempt++) {
    const number = check("ioctl", "LOOP_CTL_GET_FREE", () => numberLib().ioctl(control.fd, LOOP_CTL_GET_FREE, 0));
    const device = openPath(`/dev/loop${number}`, O.RDONLY);
    try {
      configure(device, file, directIo);
      return { path: `/dev/loop${number}`, [Symbol.dispose]: () => device.close() };
    } catch (error) {
      device.close();
      if (!hasCode(error, "EBUSY") || attempt === ATTEMPTS) throw error;
    }
  }
}

function configure(device: OwnedFd, file: OwnedFd, directIo: boolean): void {
  const config = Buffer.alloc(CONFIG_BYTES);
  config.writeUInt32LE(file.fd, 0);
  config.writeUInt32LE(LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | (directIo ? LO_FLAGS_DIRECT_IO : 0), FLAGS_AT);
  check("ioctl", "LOOP_CONFIGURE", () => lib().ioctl(device.fd, LOOP_CONFIGURE, config));
}
