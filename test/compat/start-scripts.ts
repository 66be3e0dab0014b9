/** What is accepted when a container or session is made, and refused when it is to start. */

const refusals = [
  "--cpu-shares 1",
  "--log-opt max-size=abc",
  "--log-opt max-file=abc",
  "--log-opt max-file=0 --log-opt max-size=1m",
  "--log-driver local --log-opt compress=maybe",
  "--log-opt max-size=1m --log-opt compress=maybe",
  "--network host --sysctl net.ipv4.ip_forward=1",
  "--ipc host --sysctl kernel.shmmax=12",
];

export const START_SCRIPTS: Readonly<Record<string, string>> = {
  "start-refusals": `
    ${refusals.map((flags) => `docker create --name cmp-start ${flags} cmpbox true >/dev/null; docker start cmp-start; docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}' cmp-start; docker rm cmp-start >/dev/null`).join("\n")}
    docker run -d --name cmp-start cmpbox sleep 1000 >/dev/null
    docker exec -w here cmp-start true; echo "exit code $?"
    docker exec --detach-keys ctrl-zz cmp-start true; echo "exit code $?"
    docker update --cpu-shares 1 cmp-start 2>&1 | sed 's/runc did not terminate successfully: exit status 1: //'
    docker inspect -f '{{.HostConfig.CpuShares}}' cmp-start
    docker rm -f cmp-start >/dev/null`,
};
