/** A project as its builds see it: 20,000 source files, and a Dockerfile of four stages and twenty steps. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DIRECTORIES = 200;
const FILES_EACH = 100;

const FOUR_STAGES = `
FROM busybox AS tools
RUN mkdir -p /tools && echo tool >/tools/tool
RUN echo one >>/tools/tool
RUN echo two >>/tools/tool
RUN echo three >>/tools/tool

FROM busybox AS sources
WORKDIR /src
COPY . .
RUN find . -type f | wc -l >/files
RUN cat main.txt >/main
RUN sort main.txt >/sorted
RUN wc main.txt >/words

FROM busybox AS product
WORKDIR /product
COPY --from=tools /tools /product/tools
COPY --from=sources /main /product/main
COPY --from=sources /files /sorted /words /product/
RUN cat main tools/tool >all
RUN chmod 600 all

FROM busybox
LABEL name=bench
WORKDIR /app
COPY --from=product /product /app
RUN ls /app >/listing
USER 1000
CMD ["cat", "/app/all"]
`;

/** Makes the project in a directory of its own. */
export function makeProject(dir: string): void {
  mkdirSync(dir, { recursive: true });
  for (let at = 0; at < DIRECTORIES; at++) {
    const directory = join(dir, `packages/p${at}`);
    mkdirSync(directory, { recursive: true });
    for (let file = 0; file < FILES_EACH; file++) {
      writeFileSync(join(directory, `f${file}.js`), `export const name = "file ${file} of ${at}";\n`.repeat(20));
    }
  }
  writeFileSync(join(dir, "Dockerfile"), FOUR_STAGES);
  writeFileSync(join(dir, ".dockerignore"), "*.log\n**/node_modules\n");
  changeProject(dir, 0);
}

/** One line of one file is another one. */
export function changeProject(dir: string, version: number): void {
  writeFileSync(join(dir, "main.txt"), `zeta\nalpha\nversion ${version}\n`);
}
