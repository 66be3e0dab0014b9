/** Which findings a Dockerfile or its builder wants to hear of: `# check=`. Pure. */
import { BuildFailure } from "../failure.ts";

export interface CheckOptions {
  readonly skipAll: boolean;
  readonly skipped: ReadonlySet<string>;
  readonly experimentalAll: boolean;
  readonly experimental: ReadonlySet<string>;
  readonly isError: boolean;
}

/** `skip=A,B;error=true;experimental=all`. Throws BuildFailure. */
export function parseCheck(text: string): CheckOptions {
  let [skip, experimental, error]: [string[], string[], boolean] = [[], [], false];
  for (const option of text.split(";").map((part) => part.trim())) {
    if (option === "") continue;
    const [key = "", value] = option.split("=", 2).map((part) => part.trim());
    const names = (value ?? "").split(",").map((name) => name.trim());
    if (key === "skip") skip = names;
    else if (key === "experimental") experimental = names;
    else if (key === "error") error = value === "true" || value === "1";
    else throw new BuildFailure(`invalid check option ${JSON.stringify(key)}`, { kind: "invalidParameter" });
  }
  return {
    skipAll: skip.includes("all"),
    skipped: new Set(skip),
    experimentalAll: experimental.includes("all"),
    experimental: new Set(experimental),
    isError: error,
  };
}
