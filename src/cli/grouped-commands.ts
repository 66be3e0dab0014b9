/** The commands that only a group leads to, such as "volume create", by their keys in the catalog. */
import type { Entry } from "./catalog-entry.ts";

export const GROUPED: Readonly<Record<string, Entry>> = {
  "container-inspect": {
    summary: "Display detailed information on one or more containers",
    grouped: true,
    load: () => import("./commands/container-inspect.ts"),
  },
  "container-prune": {
    summary: "Remove all stopped containers",
    grouped: true,
    load: () => import("./commands/container-prune.ts"),
  },
  "image-diff": {
    summary: "Show how one image differs from another",
    grouped: true,
    load: () => import("./commands/image-diff.ts"),
  },
  "image-prune": {
    summary: "Remove unused images",
    grouped: true,
    load: () => import("./commands/image-prune.ts"),
  },
  "system-prune": {
    summary: "Remove unused data",
    grouped: true,
    load: () => import("./commands/system-prune.ts"),
  },
  "system-dial-stdio": {
    summary: "Proxy the stdio stream to the engine's connection. Should not be invoked manually.",
    grouped: true,
    hidden: true,
    load: () => import("./commands/system-dial-stdio.ts"),
  },
  "system-df": { summary: "Show disk usage", grouped: true, load: () => import("./commands/system-df.ts") },
  "image-verify": {
    summary: "Read images again and find what is damaged",
    grouped: true,
    load: () => import("./commands/image-verify.ts"),
  },
  "image-inspect": {
    summary: "Display detailed information on one or more images",
    grouped: true,
    load: () => import("./commands/image-inspect.ts"),
  },
  "volume-clone": {
    summary: "Create a volume with the contents of another",
    grouped: true,
    load: () => import("./commands/volume-clone.ts"),
  },
  "network-connect": {
    summary: "Connect a container to a network",
    grouped: true,
    connections: 1,
    load: () => import("./commands/network-connect.ts"),
  },
  "network-create": {
    summary: "Create a network",
    grouped: true,
    connections: 1,
    load: () => import("./commands/network-create.ts"),
  },
  "network-disconnect": {
    summary: "Disconnect a container from a network",
    grouped: true,
    connections: 1,
    load: () => import("./commands/network-disconnect.ts"),
  },
  "network-inspect": {
    summary: "Display detailed information on one or more networks",
    grouped: true,
    load: () => import("./commands/network-inspect.ts"),
  },
  "network-ls": { summary: "List networks", grouped: true, load: () => import("./commands/network-ls.ts") },
  "network-prune": {
    summary: "Remove all unused networks",
    grouped: true,
    load: () => import("./commands/network-prune.ts"),
  },
  "network-rm": {
    summary: "Remove one or more networks",
    grouped: true,
    connections: 1,
    load: () => import("./commands/network-rm.ts"),
  },
  "volume-create": { summary: "Create a volume", grouped: true, load: () => import("./commands/volume-create.ts") },
  "volume-export": {
    summary: "Write the contents of a volume to a tar archive",
    grouped: true,
    load: () => import("./commands/volume-export.ts"),
  },
  "volume-import": {
    summary: "Fill a volume from a tar archive",
    grouped: true,
    load: () => import("./commands/volume-import.ts"),
  },
  "volume-inspect": {
    summary: "Display detailed information on one or more volumes",
    grouped: true,
    load: () => import("./commands/volume-inspect.ts"),
  },
  "volume-ls": { summary: "List volumes", grouped: true, load: () => import("./commands/volume-ls.ts") },
  "volume-prune": {
    summary: "Remove unused local volumes",
    grouped: true,
    load: () => import("./commands/volume-prune.ts"),
  },
  "volume-restore": {
    summary: "Give a volume the contents it had at a snapshot",
    grouped: true,
    load: () => import("./commands/volume-restore.ts"),
  },
  "volume-rm": {
    summary: "Remove one or more volumes",
    grouped: true,
    load: () => import("./commands/volume-rm.ts"),
  },
  "volume-snapshot": {
    summary: "Keep, list or remove states of a volume",
    grouped: true,
    load: () => import("./commands/volume-snapshot.ts"),
  },
  "volume-update": {
    summary: "Update a volume (cluster volumes only)",
    grouped: true,
    load: () => import("./commands/volume-update.ts"),
  },
  "image-cp": {
    summary: "Copy an image from one registry to another, without storing it here",
    grouped: true,
    load: () => import("./commands/image-cp.ts"),
  },
  "manifest-annotate": {
    summary: "Add additional information to a local image manifest",
    grouped: true,
    load: () => import("./commands/manifest-annotate.ts"),
  },
  "manifest-create": {
    summary: "Create a local manifest list for annotating and pushing to a registry",
    grouped: true,
    load: () => import("./commands/manifest-create.ts"),
  },
  "manifest-inspect": {
    summary: "Display an image manifest, or manifest list",
    grouped: true,
    load: () => import("./commands/manifest-inspect.ts"),
  },
  "manifest-push": {
    summary: "Push a manifest list to a repository",
    grouped: true,
    load: () => import("./commands/manifest-push.ts"),
  },
  "manifest-rm": {
    summary: "Delete one or more manifest lists from local storage",
    grouped: true,
    load: () => import("./commands/manifest-rm.ts"),
  },
  "builder-du": { summary: "Disk usage", grouped: true, load: () => import("./commands/builder-du.ts") },
  "builder-history": {
    summary: "List builds, show what they told, forget them",
    grouped: true,
    load: () => import("./commands/builder-history.ts"),
  },
  "builder-prune": { summary: "Remove build cache", grouped: true, load: () => import("./commands/builder-prune.ts") },
};
