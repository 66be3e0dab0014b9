/** What a version shim is: values are made in their newest shape and adapted, one change at a time, for clients of another version. */
import type { ContainerInspect, ContainerSummary } from "../../wire/container.ts";
import type { EventMessage } from "../../wire/event.ts";
import type { ImageSummary, ShownImage } from "../../wire/image.ts";

/** The shapes that changed between versions. */
export interface Shapes {
  readonly containerInspect: ContainerInspect;
  readonly containerList: readonly ContainerSummary[];
  readonly imageInspect: ShownImage;
  readonly imageList: readonly ImageSummary[];
  readonly info: Readonly<Record<string, unknown>>;
  readonly event: EventMessage;
}

/** One change between two versions. */
export interface Shim<T> {
  /** For clients below this version. */
  readonly below?: string;
  /** For clients from this version on. */
  readonly from?: string;
  /** Returns a new value and leaves the given one alone, which may be the engine's own record. */
  readonly adapt: (value: T) => T;
}
