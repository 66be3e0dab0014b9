/** COPY and ADD: paths, patterns, owners, modes, links, archives, ignore files. */
import type { BuildCase, ContextFile } from "./case.ts";

const BASE = "FROM cmpbox\n";

const FILES: Readonly<Record<string, ContextFile>> = {
  a: "A\n",
  "b.txt": "B\n",
  "c.md": { text: "C\n", mode: 0o600 },
  "d/": { mode: 0o750 },
  "d/e": "E\n",
  "d/f.txt": "F\n",
  "d/g/": "",
  "d/g/h": { text: "H\n", mode: 0o755 },
  "d/link": { link: "e" },
  dlink: { link: "d" },
  alink: { link: "a" },
  abs: { link: "/a" },
  "with space": "S\n",
  "t.tar": { text: "T\n", archive: "tar" },
  "t.tar.gz": { text: "T\n", archive: "tar.gz" },
  "fake.tar.gz": "no archive\n",
};

const copies: Readonly<Record<string, string>> = {
  "a file": "COPY a /x",
  "a file into a directory that is there": "COPY a /home",
  "a file into a new directory": "COPY a /new/",
  "a file to a deep path": "COPY a /p/q/r",
  "a file relative to the working directory": "WORKDIR /w\nCOPY a .\nCOPY a ./b/\nCOPY a c",
  "a directory": "COPY d /x",
  "a directory over another": "RUN mkdir -m 711 /x && echo old > /x/e && echo own > /x/own\nCOPY d /x",
  everything: "COPY . /all/",
  "a directory's content": "COPY d/. /x/",
  "several files": "COPY a b.txt c.md /x/",
  "several files to what is no directory": "COPY a b.txt /x",
  "by a pattern": "COPY *.txt /x/",
  "by a pattern with a question mark": "COPY ?.txt /x/",
  "by a pattern in a directory": "COPY d/*.txt /x/",
  "directories by a pattern": "COPY d* /x/",
  "by a set": "COPY [ab]* /x/",
  "a file by a pattern that matches nothing": "COPY nothing* /x/",
  "a file that is not there": "COPY nothing /x",
  "a link as what it leads to": "COPY alink /x",
  "a linked directory": "COPY dlink /x",
  "a link that leads out": "COPY abs /x",
  "a path with a space": 'COPY ["with space", "/x y"]',
  "outside of the context": "COPY ../a /x",
  "through a link in the image": "RUN mkdir /real && ln -s /real /lnk\nCOPY a /lnk/x\nCOPY d /lnk",
  "over a file": "RUN echo old > /x\nCOPY a /x",
  "a directory over a file": "RUN echo old > /x\nCOPY d /x",
  "a file over a directory": "RUN mkdir -p /t/x\nCOPY x /t\n".replace("COPY x /t", "COPY a /t/x"),
  "with an owner": "COPY --chown=5:6 a d /x/",
  "with a user only": "COPY --chown=5 a /x",
  "with a name":
    "RUN mkdir -p /etc && echo bob:x:12:34::/:/bin/sh >> /etc/passwd && echo grp:x:56: >> /etc/group\nCOPY --chown=bob a /x\nCOPY --chown=bob:grp a /y",
  "with a name that is not there": "COPY --chown=nobody-knows a /x",
  "with a mode": "COPY --chmod=4711 a /x\nCOPY --chmod=700 d /y",
  "with a mode that is none": "COPY --chmod=9x a /x",
  "with a variable": "ENV s=a t=/x\nCOPY $s ${t}/y",
  linked: "COPY --link a /x/\nCOPY --link d /y",
  "linked with an owner": "COPY --link --chown=5:6 a /x",
  "without some": "COPY --exclude=*.txt --exclude=g d /x",
  "a here-document": "COPY <<EOF /x\nhello $HOME ${no:-none}\nEOF",
  "a quoted here-document": 'COPY <<"EOF" /x\nhello $HOME\nEOF',
  "here-documents into a directory": "COPY <<a.conf <<-b.conf /etc/x/\nfirst\na.conf\n\tsecond\nb.conf",
  "a here-document with a mode": "COPY --chmod=755 --chown=1:2 <<EOF /run.sh\n#!/bin/sh\nEOF",
  "from a stage by number": "RUN echo made > /made\nFROM cmpbox\nCOPY --from=0 /made /x",
  "from a stage by name":
    "RUN echo made > /made\nFROM cmpbox AS mid\nCOPY --from=0 /made /y\nFROM cmpbox\nCOPY --from=MID /y /x",
  "from an image": "COPY --from=cmpbox /bin/busybox /x",
  "from a stage with owners":
    "RUN mkdir /o && touch /o/f && chown -R 5:6 /o && chmod 2750 /o\nFROM cmpbox\nCOPY --from=0 /o /x",
  "from a stage a link": "RUN echo d > /data && ln -s data /l\nFROM cmpbox\nCOPY --from=0 /l /x",
  "from a stage a pattern": "RUN mkdir /s && touch /s/1.x /s/2.x /s/3.y\nFROM cmpbox\nCOPY --from=0 /s/*.x /x/",
  "ADD a file": "ADD a /x",
  "ADD a directory": "ADD d /x",
  "ADD an archive": "ADD t.tar /x",
  "ADD a compressed archive": "ADD t.tar.gz /x/",
  "ADD an archive with an owner": "ADD --chown=5:6 t.tar /x/",
  "ADD what only looks like an archive": "ADD fake.tar.gz /x/",
  "ADD an archive as it is": "ADD --unpack=false t.tar /x/",
  "COPY an archive": "COPY t.tar /x/",
};

const IGNORES: readonly BuildCase[] = [
  {
    name: "a Dockerfile elsewhere",
    dockerfile: "FROM scratch\n",
    context: { "sub/": "", "sub/Other": `${BASE}COPY a /x\n`, a: "A\n" },
    query: { dockerfile: "sub/Other" },
  },
  { name: "a Dockerfile that is not there", dockerfile: "FROM scratch\n", query: { dockerfile: "Nowhere" } },
  { name: "the same file twice", dockerfile: `${BASE}COPY a /x\nCOPY a /x\n`, context: { a: "A\n" } },
];

export const COPY_CASES: readonly BuildCase[] = [
  ...Object.entries(copies).map(([name, steps]) => ({
    name: name.startsWith("ADD") || name.startsWith("COPY") ? name : `COPY ${name}`,
    dockerfile: `${BASE}${steps}\n`,
    context: FILES,
  })),
  ...IGNORES,
];
