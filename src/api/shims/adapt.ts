/** Applies the shims of a shape for a version, the newest change first. */
import { isBelow } from "../negotiate.ts";
import { containerInspectShims, containerListShims } from "./container.ts";
import { eventShims } from "./event.ts";
import { imageInspectShims, imageListShims } from "./image.ts";
import { infoShims } from "./info.ts";
import type { Shapes, Shim } from "./shim.ts";

const SHIMS: { readonly [S in keyof Shapes]: readonly Shim<Shapes[S]>[] } = {
  containerInspect: containerInspectShims,
  containerList: containerListShims,
  imageInspect: imageInspectShims,
  imageList: imageListShims,
  info: infoShims,
  event: eventShims,
};

/** `value` must be of the shape; each shim gets what the one before it made. */
export function adapt<S extends keyof Shapes>(shape: S, value: Shapes[S], version: string): Shapes[S] {
  const shims: readonly Shim<Shapes[S]>[] = SHIMS[shape];
  return shims.filter((shim) => applies(shim, version)).reduce((adapted, shim) => shim.adapt(adapted), value);
}

function applies({ below, from }: Pick<Shim<never>, "below" | "from">, version: string): boolean {
  return (below === undefined || isBelow(version, below)) && (from === undefined || !isBelow(version, from));
}
