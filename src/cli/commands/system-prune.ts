/** tare system prune: remove everything that nothing uses. */
import type { Client } from "../../client/client.ts";
import type { FilterLists } from "../../client/filter-query.ts";
import { defineCommand } from "../command.ts";
import { confirm } from "../confirm.ts";
import { CommandError } from "../errors.ts";
import { filterFlag, withFilter } from "../filter-flag.ts";
import { switchFlag } from "../flag-kinds.ts";
import { humanSize } from "../format/size.ts";
import { prunedImages, prunedNames } from "../prune-text.ts";

interface Options {
  readonly all: boolean;
  readonly volumes: boolean;
  readonly filter: FilterLists;
}

export const command = defineCommand({
  usage: "[OPTIONS]",
  flags: {
    all: switchFlag("Remove all unused images not just dangling ones", { short: "a" }),
    filter: filterFlag('Provide filter values (e.g. "label=<key>=<value>")'),
    force: switchFlag("Do not prompt for confirmation", { short: "f" }),
    volumes: switchFlag("Prune anonymous volumes"),
  },
  args: [0, 0],
  async run(context, { flags }) {
    if (flags.volumes && flags.filter["until"] !== undefined) {
      throw new CommandError('ERROR: The "until" filter is not supported with "--volumes"');
    }
    if (!flags.force && !(await confirm(context.io, warning(flags)))) return 0;
    const client = await context.client();
    let reclaimed = 0;
    // Containers first: they hold the rest.
    for (const prune of [pruneContainers, pruneNetworks, pruneVolumes, pruneImages, pruneBuilds]) {
      const { text, bytes } = await prune(client, flags);
      reclaimed += bytes;
      await context.io.stdout.write(text);
    }
    await context.io.stdout.write(`Total reclaimed space: ${humanSize(reclaimed)}\n`);
    return 0;
  },
});

function warning({ all, volumes, filter }: Options): string {
  const what = [
    "all stopped containers",
    "all networks not used by at least one container",
    ...(volumes ? ["all anonymous volumes not used by at least one container"] : []),
    all ? "all images without at least one container associated to them" : "all dangling images",
    all ? "all build cache" : "unused build cache",
  ];
  const filters = ["label", "label!", "until"].flatMap((name) =>
    (filter[name] ?? []).map((value) => `${name}=${value}`),
  );
  const narrowed =
    filters.length === 0 ? "" : `\n  Items to be pruned will be filtered with:\n${items(filters.sort())}\n`;
  return `WARNING! This will remove:\n${items(what)}\n${narrowed}\nAre you sure you want to continue?`;
}

const items = (lines: readonly string[]): string => lines.map((line) => `  - ${line}`).join("\n");

interface Pruned {
  readonly text: string;
  readonly bytes: number;
}

async function pruneContainers({ containers }: Client, { filter }: Options): Promise<Pruned> {
  const { ContainersDeleted, SpaceReclaimed } = await containers.prune(filter);
  return { text: prunedNames("Deleted Containers:", ContainersDeleted), bytes: SpaceReclaimed };
}

async function pruneNetworks({ networks }: Client, { filter }: Options): Promise<Pruned> {
  const { NetworksDeleted } = await networks.prune(filter);
  return { text: prunedNames("Deleted Networks:", NetworksDeleted), bytes: 0 };
}

async function pruneVolumes(client: Client, { filter, volumes }: Options): Promise<Pruned> {
  if (!volumes) return { text: "", bytes: 0 };
  const { VolumesDeleted, SpaceReclaimed } = await client.volumes.prune(filter);
  return { text: prunedNames("Deleted Volumes:", VolumesDeleted), bytes: SpaceReclaimed };
}

async function pruneImages({ images }: Client, { filter, all }: Options): Promise<Pruned> {
  const report = await images.prune(withFilter(filter, "dangling", String(!all)));
  return { text: prunedImages(report), bytes: report.SpaceReclaimed };
}

/** What is built has no labels that it could be chosen by. */
async function pruneBuilds({ builds }: Client, { filter, all }: Options): Promise<Pruned> {
  if (filter["label"] !== undefined || filter["label!"] !== undefined) return { text: "", bytes: 0 };
  const { CachesDeleted, SpaceReclaimed } = await builds.prune(filter, { all });
  return { text: prunedNames("Deleted build cache objects:", CachesDeleted), bytes: SpaceReclaimed };
}
