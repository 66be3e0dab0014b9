/**
 * Network namespaces as descriptors, without a name in the file system: a namespace lives as long as a process in it or
 * the descriptor. The descriptor belongs to the whole process, so a worker may make what the main thread uses.
 */
import { openPath } from "./at.ts";
import type { OwnedFd } from "./fd.ts";
import { CLONE, setns, unshare } from "./namespaces.ts";
import { O } from "./open-flags.ts";

/** Of the calling thread; /proc/self would name the main thread's. */
const THREAD_NETNS = "/proc/thread-self/ns/net";

export function currentNetns(): OwnedFd {
  return openPath(THREAD_NETNS, O.RDONLY);
}

/** Runs `step`, which must not wait for anything, inside a namespace. A thread that cannot get home again is lost: it throws. */
export function inNetns<T>(namespace: OwnedFd, home: OwnedFd, step: () => T): T {
  setns(namespace, CLONE.NEWNET);
  try {
    return step();
  } finally {
    setns(home, CLONE.NEWNET);
  }
}

/** Makes a namespace and runs `step` in it before the thread returns `home`. When that throws, the namespace is gone. */
export function createNetns(home: OwnedFd, step: (namespace: OwnedFd) => void): OwnedFd {
  unshare(CLONE.NEWNET);
  try {
    using undo = new DisposableStack();
    const namespace = undo.use(currentNetns());
    step(namespace);
    undo.move();
    return namespace;
  } finally {
    setns(home, CLONE.NEWNET);
  }
}
