/**
 * Every command by name, loaded only when it is invoked. A new command is one file in commands/ that exports `command`, one row here,
 * and its places in the groups.
 */
import type { Command } from "./command.ts";

export interface Entry {
  readonly summary: string;
  /** Listed first in the help. */
  readonly common?: true;
  /** Reached through a group only, under another name than its key ("image inspect"). */
  readonly grouped?: true;
  /** Not for people: left out of help and completion. */
  readonly hidden?: true;
  /** How many connections to the engine it will want, to be opened while it is loaded and its arguments are read. */
  readonly connections?: number;
  load(): Promise<{ readonly command: Command }>;
}

export interface Group {
  readonly summary: string;
  /** Name within the group -> key in COMMANDS; the first name of a command is the one help lists. */
  readonly members: Readonly<Record<string, string>>;
}

export const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    summary: "Create and run a new container from an image",
    common: true,
    connections: 3,
    load: () => import("./commands/run.ts"),
  },
  exec: {
    summary: "Execute a command in a running container",
    common: true,
    connections: 2,
    load: () => import("./commands/exec.ts"),
  },
  pull: {
    summary: "Download an image from a registry",
    common: true,
    connections: 1,
    load: () => import("./commands/pull.ts"),
  },
  push: { summary: "Upload an image to a registry", common: true, load: () => import("./commands/push.ts") },
  login: { summary: "Authenticate to a registry", common: true, load: () => import("./commands/login.ts") },
  logout: { summary: "Log out from a registry", common: true, load: () => import("./commands/logout.ts") },
  search: { summary: "Search Docker Hub for images", common: true, load: () => import("./commands/search.ts") },
  ps: { summary: "List containers", common: true, connections: 1, load: () => import("./commands/ps.ts") },
  images: { summary: "List images", common: true, load: () => import("./commands/images.ts") },
  version: { summary: "Show the version information", common: true, load: () => import("./commands/version.ts") },
  info: { summary: "Display system-wide information", common: true, load: () => import("./commands/info.ts") },
  attach: {
    summary: "Attach local standard input, output, and error streams to a running container",
    load: () => import("./commands/attach.ts"),
  },
  commit: {
    summary: "Create a new image from a container's changes",
    load: () => import("./commands/commit.ts"),
  },
  cp: {
    summary: "Copy files/folders between a container and the local filesystem",
    connections: 1,
    load: () => import("./commands/cp.ts"),
  },
  create: { summary: "Create a new container", connections: 1, load: () => import("./commands/create.ts") },
  start: {
    summary: "Start one or more stopped containers",
    connections: 1,
    load: () => import("./commands/start.ts"),
  },
  completion: { summary: "Generate the completion script for a shell", load: () => import("./commands/completion.ts") },
  diff: {
    summary: "Inspect changes to files or directories on a container's filesystem",
    load: () => import("./commands/diff.ts"),
  },
  doctor: {
    summary: "Explain what this machine lacks for containers, and how to mend it",
    load: () => import("./commands/doctor.ts"),
  },
  events: { summary: "Get real time events from the engine", load: () => import("./commands/events.ts") },
  export: {
    summary: "Export a container's filesystem as a tar archive",
    load: () => import("./commands/export.ts"),
  },
  history: { summary: "Show the history of an image", load: () => import("./commands/history.ts") },
  import: {
    summary: "Import the contents from a tarball to create a filesystem image",
    load: () => import("./commands/import.ts"),
  },
  inspect: {
    summary: "Return low-level information on containers, images, volumes and networks",
    load: () => import("./commands/inspect.ts"),
  },
  install: {
    summary: "Install the program, its group and its systemd units",
    load: () => import("./commands/install.ts"),
  },
  kill: { summary: "Kill one or more running containers", load: () => import("./commands/kill.ts") },
  load: { summary: "Load an image from a tar archive or STDIN", load: () => import("./commands/load.ts") },
  logs: { summary: "Fetch the logs of a container", load: () => import("./commands/logs.ts") },
  pause: { summary: "Pause all processes within one or more containers", load: () => import("./commands/pause.ts") },
  port: {
    summary: "List port mappings or a specific mapping for the container",
    load: () => import("./commands/port.ts"),
  },
  rename: { summary: "Rename a container", load: () => import("./commands/rename.ts") },
  restart: { summary: "Restart one or more containers", load: () => import("./commands/restart.ts") },
  rm: { summary: "Remove one or more containers", load: () => import("./commands/rm.ts") },
  rmi: { summary: "Remove one or more images", load: () => import("./commands/rmi.ts") },
  save: {
    summary: "Save one or more images to a tar archive (streamed to STDOUT by default)",
    load: () => import("./commands/save.ts"),
  },
  stop: { summary: "Stop one or more running containers", load: () => import("./commands/stop.ts") },
  tag: { summary: "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE", load: () => import("./commands/tag.ts") },
  top: { summary: "Display the running processes of a container", load: () => import("./commands/top.ts") },
  uninstall: { summary: "Remove what install has put on this machine", load: () => import("./commands/uninstall.ts") },
  unpause: {
    summary: "Unpause all processes within one or more containers",
    load: () => import("./commands/unpause.ts"),
  },
  update: { summary: "Update configuration of one or more containers", load: () => import("./commands/update.ts") },
  wait: {
    summary: "Block until one or more containers stop, then print their exit codes",
    load: () => import("./commands/wait.ts"),
  },
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
    load: () => import("./commands/network-connect.ts"),
  },
  "network-create": { summary: "Create a network", grouped: true, load: () => import("./commands/network-create.ts") },
  "network-disconnect": {
    summary: "Disconnect a container from a network",
    grouped: true,
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
  __complete: {
    summary: "Candidates for the last word of a command line, one a line",
    hidden: true,
    load: () => import("./commands/complete.ts"),
  },
};

export const GROUPS: Readonly<Record<string, Group>> = {
  container: {
    summary: "Manage containers",
    members: {
      attach: "attach",
      commit: "commit",
      cp: "cp",
      create: "create",
      diff: "diff",
      exec: "exec",
      export: "export",
      inspect: "container-inspect",
      kill: "kill",
      logs: "logs",
      ls: "ps",
      list: "ps",
      ps: "ps",
      pause: "pause",
      port: "port",
      prune: "container-prune",
      rename: "rename",
      restart: "restart",
      rm: "rm",
      remove: "rm",
      run: "run",
      start: "start",
      stop: "stop",
      top: "top",
      unpause: "unpause",
      update: "update",
      wait: "wait",
    },
  },
  image: {
    summary: "Manage images",
    members: {
      cp: "image-cp",
      diff: "image-diff",
      history: "history",
      import: "import",
      inspect: "image-inspect",
      load: "load",
      ls: "images",
      list: "images",
      prune: "image-prune",
      pull: "pull",
      push: "push",
      rm: "rmi",
      remove: "rmi",
      save: "save",
      tag: "tag",
      verify: "image-verify",
    },
  },
  manifest: {
    summary: "Manage image manifests and manifest lists",
    members: {
      annotate: "manifest-annotate",
      create: "manifest-create",
      inspect: "manifest-inspect",
      push: "manifest-push",
      rm: "manifest-rm",
    },
  },
  network: {
    summary: "Manage networks",
    members: {
      connect: "network-connect",
      create: "network-create",
      disconnect: "network-disconnect",
      inspect: "network-inspect",
      ls: "network-ls",
      list: "network-ls",
      prune: "network-prune",
      rm: "network-rm",
      remove: "network-rm",
    },
  },
  system: {
    summary: "Manage the engine",
    members: { df: "system-df", events: "events", info: "info", prune: "system-prune" },
  },
  volume: {
    summary: "Manage volumes",
    members: {
      clone: "volume-clone",
      create: "volume-create",
      export: "volume-export",
      import: "volume-import",
      inspect: "volume-inspect",
      ls: "volume-ls",
      list: "volume-ls",
      prune: "volume-prune",
      restore: "volume-restore",
      rm: "volume-rm",
      remove: "volume-rm",
      snapshot: "volume-snapshot",
      update: "volume-update",
    },
  },
};
