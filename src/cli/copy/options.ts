/** The flags of `cp`. */
export interface CopyOptions {
  /** Follow a link that is the source. */
  readonly followLink: boolean;
  /** What goes into a container belongs to the container's user. */
  readonly archive: boolean;
  readonly quiet: boolean;
}
