/** Size limits of volumes, by a project of their own, where the file system of the volumes has project quotas. */
import { openPath } from "../kernel/at.ts";
import { O } from "../kernel/open-flags.ts";
import { hasProjectQuota, limitProject, projectOf, setProject } from "../kernel/project-quota.ts";

/** Numbers that nobody gives by hand. */
const FIRST_PROJECT = 0x7a_00_00_00;

export interface VolumeQuota {
  readonly isSupported: boolean;
  /** Limits a directory that is empty yet. `others` are those that may be limited already. */
  limit(directory: string, bytes: number, others: readonly string[]): void;
  /** Gives the limit of a directory up, if it has one. */
  release(directory: string): void;
}

/** `dir` holds all volumes. */
export function createVolumeQuota(dir: string): VolumeQuota {
  let supported: boolean | undefined;
  const isSupported = (): boolean => {
    supported ??= withDirectory(dir, hasProjectQuota);
    return supported;
  };
  return {
    get isSupported() {
      return isSupported();
    },
    limit(directory, bytes, others) {
      const taken = new Set(others.map((other) => withDirectory(other, projectOf)));
      let project = FIRST_PROJECT;
      while (taken.has(project)) project++;
      withDirectory(directory, (fd) => {
        setProject(fd, project);
        limitProject(fd, project, bytes);
      });
    },
    release(directory) {
      if (!isSupported()) return;
      withDirectory(directory, (fd) => {
        const project = projectOf(fd);
        if (project >= FIRST_PROJECT) limitProject(fd, project, 0);
      });
    },
  };
}

function withDirectory<T>(path: string, act: (fd: number) => T): T {
  using opened = openPath(path, O.RDONLY | O.DIRECTORY);
  return act(opened.fd);
}
