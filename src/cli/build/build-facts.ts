/** What the history knows of one build, in the names of `docker buildx history inspect`, for programs and for people. */
import { fromTimestamp } from "../../wire/buildkit/common.ts";
import { alignRows } from "../format/table.ts";
import { neutraliseLine } from "../neutralise.ts";
import { type BuildRecord, buildDuration, buildName, buildStatus } from "../rows/builds.ts";
import { instantText } from "../rows/times.ts";

interface Named {
  readonly Name: string;
  readonly Value: string;
}

export interface BuildFacts {
  readonly Name: string;
  readonly Ref: string;
  readonly Context: string;
  readonly Dockerfile: string;
  readonly Target: string;
  readonly Platform: readonly string[];
  readonly NamedContexts: readonly Named[];
  /** RFC 3339; "" where it has not come to that. */
  readonly StartedAt: string;
  readonly CompletedAt: string;
  readonly Duration: string;
  readonly Status: string;
  readonly Error: string;
  readonly NumCompletedSteps: number;
  readonly NumTotalSteps: number;
  readonly NumCachedSteps: number;
  readonly NumWarnings: number;
  readonly BuildArgs: readonly Named[];
  readonly Labels: readonly Named[];
  readonly Attachments: readonly { readonly Digest: string; readonly Platform: string; readonly Type: string }[];
}

export function toBuildFacts(record: BuildRecord, nowMs: number): BuildFacts {
  const { frontendAttrs: attrs, createdAt, completedAt, error } = record;
  const instant = (stamp: BuildRecord["createdAt"]): string =>
    stamp === undefined ? "" : new Date(fromTimestamp(stamp)).toISOString();
  return {
    Name: buildName(record),
    Ref: record.ref,
    Context: attrs.get("context") ?? "",
    Dockerfile: attrs.get("filename") ?? "Dockerfile",
    Target: attrs.get("target") ?? "",
    Platform: (attrs.get("platform") ?? "").split(",").filter((platform) => platform !== ""),
    NamedContexts: withPrefix(attrs, "context:"),
    StartedAt: instant(createdAt),
    CompletedAt: instant(completedAt),
    Duration: buildDuration(record, nowMs),
    Status: buildStatus(record),
    Error: error?.message ?? "",
    NumCompletedSteps: record.numCompletedSteps,
    NumTotalSteps: record.numTotalSteps,
    NumCachedSteps: record.numCachedSteps,
    NumWarnings: record.numWarnings,
    BuildArgs: withPrefix(attrs, "build-arg:"),
    Labels: withPrefix(attrs, "label:"),
    Attachments: attachments(record),
  };
}

export function buildText(facts: BuildFacts): string {
  const { StartedAt, Duration, Status, NumCompletedSteps, NumTotalSteps, NumCachedSteps } = facts;
  const cached = NumTotalSteps === 0 ? 0 : Math.floor((100 * NumCachedSteps) / NumTotalSteps);
  const sections = [
    lines(["Name", facts.Name], ["Ref", facts.Ref], ["Context", facts.Context], ["Dockerfile", facts.Dockerfile]) +
      lines(["Target", facts.Target], ["Platforms", facts.Platform.join(", ")]),
    lines(
      ["Started", StartedAt === "" ? "" : instantText(StartedAt)],
      ["Duration", Duration],
      ["Status", Status === "Completed" ? "" : Status],
      ["Error", facts.Error],
      ["Build Steps", `${NumCompletedSteps}/${NumTotalSteps} (${cached}% cached)`],
      ["Warnings", facts.NumWarnings === 0 ? "" : String(facts.NumWarnings)],
    ),
    named("NAMED CONTEXT", facts.NamedContexts),
    named("BUILD ARG", facts.BuildArgs),
    named("LABEL", facts.Labels),
    table("Attachments:\n", [
      ["DIGEST", "PLATFORM", "TYPE"],
      ...facts.Attachments.map(({ Digest, Platform, Type }) => [Digest, Platform, Type]),
    ]),
    `Print build logs: tare builder history logs ${facts.Ref}\n`,
  ];
  return sections.filter((section) => section !== "").join("\n");
}

function withPrefix(attrs: ReadonlyMap<string, string>, prefix: string): Named[] {
  return [...attrs]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => ({ Name: name.slice(prefix.length), Value: value }));
}

/** What was made, and what is stated of it; the image itself has no platform of its own where there is only one. */
function attachments({ result, results }: BuildRecord): BuildFacts["Attachments"] {
  const all = [...(result === undefined ? [] : ([["", result]] as const)), ...results];
  return all.flatMap(([Platform, made]) => [
    ...made.results.map(({ value }) => ({
      Digest: value?.digest ?? "",
      Platform,
      Type: value?.mediaType ?? "",
    })),
    ...made.attestations.map(({ digest, mediaType, annotations }) => ({
      Digest: digest,
      Platform,
      Type: annotations.get("in-toto.io/predicate-type") ?? mediaType,
    })),
  ]);
}

const lines = (...facts: readonly (readonly [string, string])[]): string =>
  facts.map(([title, text]) => (text === "" ? "" : `${title}:\t${neutraliseLine(text)}\n`)).join("");

const named = (title: string, pairs: readonly Named[]): string =>
  table("", [[title, "VALUE"], ...pairs.map(({ Name, Value }) => [Name, Value])]);

/** Nothing for a table that is only its head. */
const table = (title: string, rows: readonly (readonly string[])[]): string =>
  rows.length < 2 ? "" : title + alignRows(rows.map((row) => row.map(neutraliseLine)));
