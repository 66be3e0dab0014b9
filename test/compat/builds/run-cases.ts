/** RUN: commands, here-documents, mounts, what is left behind. */
import { type BuildCase, plain } from "./case.ts";

const BASE = "FROM cmpbox\n";

export const RUN_CASES: readonly BuildCase[] = [
  ...plain({
    "RUN through the shell": `${BASE}RUN echo hi > /f && mkdir -m 700 /d\n`,
    "RUN as a list": `${BASE}RUN ["/bin/sh", "-c", "echo $0 > /f"]\n`,
    "RUN deletes": `${BASE}RUN rm /bin/ls && rm -r home\nRUN mkdir home && touch home/x\n`,
    "RUN replaces a directory": `${BASE}RUN mkdir -p /a/b && touch /a/b/c\nRUN rm -r /a && mkdir /a && touch /a/new\n`,
    "RUN leaves no mount points": `${BASE}RUN ls /proc/self/status /dev/null /etc/hosts /sys/kernel\n`,
    "RUN in an empty image":
      'FROM cmpbox AS tools\nFROM scratch\nCOPY --from=tools /bin/busybox /bin/busybox\nRUN ["/bin/busybox", "touch", "/made"]\n',
    "RUN sees its host name and home": `${BASE}RUN hostname; echo $HOME; env | sort | grep -v ^PWD=\n`,
    "RUN sets owners and modes": `${BASE}RUN touch /a && chown 5:6 /a && chmod 4750 /a && ln -s a /b && ln /a /c && mkfifo /p\n`,
    "RUN with a here-document": `${BASE}RUN <<EOF\necho one > /one\necho "two $HOME" > /two\nEOF\n`,
    "RUN with a quoted here-document": `${BASE}RUN <<"EOF"\necho '$x' > /x\nEOF\n`,
    "RUN with a chomped here-document": `${BASE}RUN <<-EOF\n\techo tab > /tab\n\tEOF\n`,
    "RUN with a script": `${BASE}RUN <<EOF\n#!/bin/sh -e\necho $0 > /name\nEOF\n`,
    "RUN feeds a command": `${BASE}RUN cat <<EOF > /f\nwords\nEOF\n`,
    "RUN with two here-documents": `${BASE}RUN <<A cat > /a && <<B cat > /b\nfirst\nA\nsecond\nB\n`,
    "RUN with a network of its own": `${BASE}RUN --network=none ls /sys/class/net\n`,
    "RUN mounts memory": `${BASE}RUN --mount=type=tmpfs,target=/t touch /t/x && ls /t\nRUN ls -d /t 2>&1 || echo gone\n`,
    "RUN mounts a cache": `${BASE}RUN --mount=type=cache,target=/c echo kept >> /c/corpus-f; wc -l < /c/corpus-f > /dev/null\nRUN --mount=type=cache,target=/c test -f /c/corpus-f && echo there\n`,
    "RUN mounts a cache with an owner": `${BASE}RUN --mount=type=cache,id=corpus-owned,target=/c,uid=5,gid=6,mode=0700 stat -c '%u:%g %a' /c\n`,
    "RUN mounts a stage":
      "FROM cmpbox AS a\nRUN mkdir /x && echo data > /x/f\nFROM cmpbox\nRUN --mount=type=bind,from=a,source=/x,target=/y cat /y/f; touch /y/no 2>&1 || echo read-only\n",
    "RUN writes to a mounted stage for nothing":
      "FROM cmpbox AS a\nRUN mkdir /x\nFROM cmpbox\nRUN --mount=type=bind,rw,from=a,source=/x,target=/y touch /y/f && ls /y\nRUN --mount=type=bind,from=a,source=/x,target=/y ls /y\n",
    "RUN fails": `${BASE}RUN echo before; echo problem >&2; exit 7\n`,
    "RUN fails after steps that worked": `${BASE}RUN echo fine\nENV a=b\nRUN false\n`,
    "RUN of nothing": `${BASE}RUN\n`,
    "RUN keeps quotes": `${BASE}RUN echo "a  b" 'c "d"' e\\ f $((1 + 2))\n`,
    "RUN's shell is quit by the first failure with -e": `${BASE}SHELL ["/bin/sh", "-ec"]\nRUN false; echo never\n`,
  }),
  {
    name: "RUN mounts the context",
    dockerfile: `${BASE}RUN --mount=target=/ctx cat /ctx/a /ctx/d/b && cp /ctx/a /copied\n`,
    context: { a: "A\n", "d/": "", "d/b": "B\n" },
  },
  {
    name: "RUN with build arguments",
    dockerfile: `${BASE}ARG x=default\nARG y\nRUN echo "$x $y $z"\n`,
    query: { buildargs: '{"x":"given","y":"too"}' },
  },
  {
    name: "RUN with proxies",
    dockerfile: `${BASE}RUN echo $HTTP_PROXY $no_proxy\n`,
    query: { buildargs: '{"HTTP_PROXY":"http://p","no_proxy":"x"}' },
  },
  {
    name: "RUN with extra hosts",
    dockerfile: `${BASE}RUN grep example /etc/hosts\n`,
    query: { extrahosts: "example:10.1.2.3" },
  },
  {
    name: "RUN in less shared memory",
    dockerfile: `${BASE}RUN df -k /dev/shm | tail -1 | awk '{print $2}' || true\n`,
    query: { shmsize: "1048576" },
  },
  { name: "labels of the client", dockerfile: `${BASE}LABEL a=b\n`, query: { labels: '{"c":"d","a":"e"}' } },
  { name: "a target that is nearly there", dockerfile: "FROM cmpbox AS Base\nENV a=b\n", query: { target: "bas" } },
  {
    name: "a target",
    dockerfile: "FROM cmpbox AS one\nENV a=1\nFROM one AS two\nENV b=2\nFROM two\nRUN false\n",
    query: { target: "TWO" },
  },
  { name: "a target that is not there", dockerfile: "FROM cmpbox AS build\nENV a=1\n", query: { target: "biuld" } },
];
