/** tare stats: what containers use, once or again and again. */
import type { Client } from "../../client/client.ts";
import type { EventMessage } from "../../wire/event.ts";
import { type Context, defineCommand } from "../command.ts";
import { CommandError, errorText } from "../errors.ts";
import { switchFlag } from "../flag-kinds.ts";
import { tableFormatFlag } from "../format-flag.ts";
import { rowsText } from "../row-output.ts";
import { statsRows } from "../rows/stats.ts";
import { StatsBoard } from "../stats/board.ts";

const FRAME_MS = 500;
const TO_TOP = "\x1b[H";
const ERASE_REST_OF_LINE = "\x1b[K";
const ERASE_BELOW = "\x1b[J";

export const command = defineCommand({
  usage: "[OPTIONS] [CONTAINER...]",
  flags: {
    all: switchFlag("Show all containers (default shows just running)", { short: "a" }),
    format: tableFormatFlag(),
    "no-stream": switchFlag("Disable streaming stats and only pull the first result"),
    "no-trunc": switchFlag("Do not truncate output"),
  },
  args: [0, Number.POSITIVE_INFINITY],
  async run(context, { flags: { all, format, ...flags }, args }) {
    const client = await context.client();
    const board = new StatsBoard(client, !flags["no-stream"]);
    const kind = statsRows({ truncate: !flags["no-trunc"] });
    // Before those present are listed, so that none is missed in between.
    const changes = args.length > 0 || flags["no-stream"] ? undefined : followEvents(board, client, all);
    if (args.length > 0) await addNamed(board, args);
    else await addPresent(board, client, all);
    const text = (): Promise<string> => rowsText(kind, board.rows, { format, quiet: false });
    if (flags["no-stream"]) {
      await context.io.stdout.write(await text());
      return 0;
    }
    return showFrames(context, text, changes);
  },
});

/** All of them have to be there. */
async function addNamed(board: StatsBoard, names: readonly string[]): Promise<void> {
  const outcomes = await Promise.allSettled(names.map((name) => board.add(name)));
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [errorText(outcome.reason)] : []));
  if (failures.length > 0) throw new CommandError(failures.join("\n"));
}

/** One that goes meanwhile is not missed. */
async function addPresent(board: StatsBoard, client: Client, all: boolean): Promise<void> {
  const present = await client.containers.list({ all });
  await Promise.allSettled(present.map(({ Id }) => board.add(Id.slice(0, 12))));
}

/** Adds and removes containers as they come and go. Ends with the engine. */
async function followEvents(board: StatsBoard, client: Client, all: boolean): Promise<void> {
  const actions = all ? ["create", "destroy"] : ["start", "die"];
  const filters = { type: ["container"], event: actions };
  for await (const text of client.system.eventTexts({ filters })) {
    const { Action: action, Actor: actor } = JSON.parse(text) as EventMessage;
    const id = actor.ID.slice(0, 12);
    if (action === actions[0]) board.add(id).catch(() => undefined);
    else board.remove(id);
  }
}

/** Until the user interrupts it, or the engine is gone. */
async function showFrames(
  { io }: Context,
  text: () => Promise<string>,
  changes: Promise<void> | undefined,
): Promise<number> {
  let over = false;
  const end = (): void => {
    over = true;
  };
  changes?.then(end, end);
  while (!over) {
    const lines = (await text()).split("\n").map((line) => `${line} ${ERASE_REST_OF_LINE}\n`);
    await io.stdout.write(`${TO_TOP}${lines.join("")}${ERASE_BELOW}`);
    await Bun.sleep(FRAME_MS);
  }
  return 0;
}
