/**
 * The EROFS mounts of layers that this process holds open: one for each layer, so that its containers share what is in memory, and
 * a start finds it ready. The kernel keeps a mount as long as an overlay uses it, whether it is held here or not.
 */
import { mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { mountErofs } from "../../kernel/erofs.ts";
import type { OwnedFd } from "../../kernel/fd.ts";
import { attachMount } from "../../kernel/mount-api.ts";
import { umountIfMounted } from "../../kernel/mounts.ts";
import { readAhead } from "../../kernel/read-ahead.ts";
import type { LayerForm } from "./support.ts";

/** Twice the layers of the largest image. */
const MAX_HELD = 1024;

export interface MountableLayer {
  readonly file: string;
  readonly metadataOffset: number;
  /** The file's bytes are in memory already: it has just been written. */
  readonly cached: boolean;
}

type MountedForm = Extract<LayerForm, { kind: "mounted" }>;

export class LayerMounts {
  readonly #form: MountedForm;
  readonly #points: string;
  /** By the layer's name; the one used longest ago first. */
  readonly #held = new Map<string, OwnedFd>();

  /** `points` is a directory for mount points, where the kernel wants mounts attached; what an earlier engine left there is taken away. */
  constructor(form: MountedForm, points: string) {
    this.#form = form;
    this.#points = points;
    if (!form.detached) this.#clear();
  }

  /** A path to the layer's root, good as a lower directory until the event loop turns. */
  open(name: string, layer: MountableLayer): string {
    const known = this.#held.get(name);
    const mount = known ?? this.#mount(name, layer);
    this.#held.delete(name);
    this.#held.set(name, mount);
    return this.#form.detached ? mount.procPath : this.#point(name);
  }

  /** Lets go of a layer that is to be deleted, so that its space is free as soon as no container has it. */
  async release(name: string): Promise<void> {
    const mount = this.#held.get(name);
    if (mount === undefined) return;
    this.#held.delete(name);
    if (!this.#form.detached) this.#detach(name);
    await mount.closeLater();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of this.#held.keys()) await this.release(name);
  }

  #mount(name: string, { file, metadataOffset, cached }: MountableLayer): OwnedFd {
    const { backing, directIo } = this.#form.source;
    const mount = mountErofs(file, { backing, directIo: directIo && !cached });
    // A first look into directories would wait for the disk a page at a time.
    readAhead(file, metadataOffset);
    if (!this.#form.detached) {
      mkdirSync(this.#point(name), { recursive: true, mode: 0o700 });
      attachMount(mount, this.#point(name));
    }
    const [oldest] = this.#held.keys();
    if (this.#held.size >= MAX_HELD && oldest !== undefined) void this.release(oldest);
    return mount;
  }

  #point(name: string): string {
    return `${this.#points}/${name}`;
  }

  #detach(name: string): void {
    umountIfMounted(this.#point(name));
    rmdirSync(this.#point(name));
  }

  #clear(): void {
    mkdirSync(this.#points, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.#points)) this.#detach(name);
  }
}
