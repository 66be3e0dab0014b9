/** A build of the corpus: a Dockerfile, the files around it, and what is asked for. */

export interface BuildCase {
  readonly name: string;
  readonly dockerfile: string;
  /** By path; a path with a slash at its end is a directory, text a file of mode 0644. */
  readonly context?: Readonly<Record<string, ContextFile>>;
  /** Parameters of POST /build. */
  readonly query?: Readonly<Record<string, string>>;
  /** Built again with these files changed or (undefined) gone, the Dockerfile among them: what is cached then is part of what is expected. */
  readonly again?: Readonly<Record<string, ContextFile | undefined>>;
}

export type ContextFile =
  | string
  | { readonly text?: string; readonly mode?: number; readonly link?: string; readonly archive?: "tar" | "tar.gz" };

/** Cases that need nothing but their Dockerfile, as `name: text`. */
export function plain(cases: Readonly<Record<string, string>>): BuildCase[] {
  return Object.entries(cases).map(([name, dockerfile]) => ({ name, dockerfile }));
}
