/**
 * A working day with the docker client, as shell scripts. Each cleans up after itself, names its containers cmp-*, and lists only those, so
 * that it runs on a Docker that others use. `cmpbox` is a busybox image with the users root, app (1000, also in extra) and nobody.
 */

/** A command whose exit code is part of what is compared. */
const code = (command: string): string => `${command}; echo "exit code $?"`;
const runs = (...options: readonly string[]): string =>
  options.map((option) => code(`docker run --rm ${option}`)).join("\n");

export const SCRIPTS: Readonly<Record<string, string>> = {
  "run-streams": runs(
    "cmpbox echo hello",
    "cmpbox sh -c 'echo out; echo err >&2; exit 7'",
    "cmpbox sh -c 'sh -c \"kill -9 \\$\\$\"; exit $?'",
    "cmpbox sh -c 'sh -c \"kill -TERM \\$\\$\"; exit $?'",
    "-a stderr cmpbox sh -c 'echo unseen; echo seen >&2'",
  ),
  "run-stdin": `
    printf 'a\\nb\\n' | docker run --rm -i cmpbox cat
    printf 'unread' | docker run --rm cmpbox cat; echo "no -i: $?"
    head -c 3000000 /dev/zero | docker run --rm -i cmpbox wc -c
    docker run --rm cmpbox sh -c 'head -c 3000000 /dev/zero' | wc -c`,
  "run-failures": runs(
    "cmpbox nosuchcommand",
    "cmpbox /etc",
    "cmpbox /etc/passwd",
    "-w /etc/passwd cmpbox true",
    "-u nosuchuser cmpbox true",
    "-u 0:nosuchgroup cmpbox true",
    "--pull never nosuchimage true",
    "--memory 1k cmpbox true",
    "--cap-add NOSUCH cmpbox true",
    "--network nosuch cmpbox true",
    "--name '-bad' cmpbox true",
    "--entrypoint nosuch cmpbox",
    "--nosuchflag cmpbox true",
    "--runtime nosuch cmpbox true",
    "--restart sometimes cmpbox true",
    "--health-interval 1ns --health-cmd true cmpbox true",
  ),
  "run-process": runs(
    "-e A=1 -e B=two=2 --env HOME=/x cmpbox sh -c 'echo $A $B $HOME $PATH'",
    "-w /not/there/yet cmpbox pwd",
    "--entrypoint /bin/echo cmpbox hi there",
    "-u app cmpbox id",
    "-u 1000 cmpbox id",
    "-u 1000:2000 cmpbox id",
    "-u 4242 cmpbox id",
    "--group-add 77 -u app cmpbox id",
    "-u nobody cmpbox sh -c 'echo $HOME'",
    "--ulimit nofile=100:200 cmpbox sh -c 'ulimit -n; ulimit -Hn'",
    "--oom-score-adj 123 cmpbox cat /proc/self/oom_score_adj",
    "cmpbox sh -c 'ls /proc/self/fd | wc -l; cat /proc/1/comm'",
  ),
  "run-isolation": runs(
    "cmpbox grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status",
    "--cap-drop ALL --cap-add CHOWN cmpbox grep ^Cap /proc/self/status",
    `--privileged cmpbox sh -c 'grep Seccomp: /proc/self/status; test $(sed -n "s/^CapEff:.//p" /proc/self/status) = '$(sed -n "s/^CapBnd:.//p" /proc/self/status)`,
    "--security-opt no-new-privileges cmpbox grep NoNewPrivs /proc/self/status",
    "--security-opt seccomp=unconfined cmpbox grep Seccomp: /proc/self/status",
    "-u app cmpbox grep ^Cap /proc/self/status",
    "--read-only cmpbox touch /x",
    "--read-only --tmpfs /t cmpbox sh -c 'touch /t/x && ls /t'",
    "--tmpfs /t:size=1m,mode=700 cmpbox stat -c '%a' /t",
    "--shm-size 1m cmpbox sh -c 'df -k /dev/shm | tail -n 1'",
    "cmpbox sh -c 'echo 1 >/proc/sys/kernel/hostname'",
    "cmpbox sh -c 'ls -A /proc/acpi /sys/firmware; head -c 1 /proc/kcore | wc -c'",
    "cmpbox sh -c 'ls /dev | grep -v core'",
    "--device /dev/fuse cmpbox ls -l /dev/fuse | tr -s ' ' | cut -d ' ' -f 1,3-6",
    "--sysctl net.core.somaxconn=99 cmpbox cat /proc/sys/net/core/somaxconn",
    "cmpbox sh -c 'mount | cut -d \" \" -f 3 | grep -v cgroup | sort'",
  ),
  "run-network": runs(
    "--network none cmpbox ls /sys/class/net",
    "cmpbox sh -c 'ls /sys/class/net; ip route | wc -l'",
    '--hostname h1 cmpbox sh -c \'hostname; cat /etc/hostname; tail -n 1 /etc/hosts | tr "\\t" " " | cut -d " " -f 2\'',
    '--hostname h1 --domainname d.example cmpbox sh -c \'hostname; tail -n 1 /etc/hosts | tr "\\t" " " | cut -d " " -f 2-\'',
    "--add-host a.example:192.0.2.7 cmpbox grep a.example /etc/hosts",
    "--dns 192.0.2.53 --dns-search s.example --dns-option ndots:3 cmpbox grep -E '^[a-z]' /etc/resolv.conf",
    "--network host cmpbox sh -c 'test -e /sys/class/net/lo && echo host'",
    "--uts host cmpbox sh -c 'test $(hostname) = '$(hostname)' && echo same'",
    "--pid host cmpbox sh -c 'cat /proc/1/comm | grep -c sh'",
  ),
  lifecycle: `
    docker create --name cmp-life cmpbox sh -c 'trap "exit 3" TERM; trap "exit 4" USR1; echo up; while :; do sleep 0.1; done' >/dev/null
    docker ps -a --filter name=cmp-life --format '{{.Names}} {{.State}} {{.Command}} {{.Image}}'
    docker start cmp-life
    docker start cmp-life; echo "again: $?"
    docker inspect -f '{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.RestartCount}}' cmp-life
    docker pause cmp-life
    docker inspect -f '{{.State.Status}} {{.State.Paused}}' cmp-life
    docker pause cmp-life; echo "again: $?"
    docker exec cmp-life true; echo "exec in paused: $?"
    docker unpause cmp-life
    docker unpause cmp-life; echo "again: $?"
    docker rename cmp-life cmp-life2
    docker rename cmp-life2 cmp-life2; echo "same name: $?"
    docker rm cmp-life2; echo "rm of running: $?"
    docker stop cmp-life2
    docker stop cmp-life2; echo "again: $?"
    docker wait cmp-life2
    docker inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.Pid}} {{.State.OOMKilled}}' cmp-life2
    docker restart -t 1 cmp-life2
    docker kill -s USR1 cmp-life2; docker wait cmp-life2
    docker kill cmp-life2; echo "kill of stopped: $?"
    docker logs cmp-life2
    docker rm cmp-life2
    docker rm cmp-life2; echo "again: $?"
    docker rm -f cmp-life2; echo "forced: $?"`,
  names: `
    docker create --name cmp-name cmpbox true >/dev/null
    docker create --name cmp-name cmpbox true; echo "taken: $?"
    docker create --name 'cmp name' cmpbox true; echo "space: $?"
    docker create --name x cmpbox true; echo "short: $?"
    docker inspect -f '{{.Name}}' cmp-name /cmp-name
    id=$(docker inspect -f '{{.Id}}' cmp-name)
    docker inspect -f '{{.Name}}' $(echo $id | cut -c 1-5)
    docker start nosuch; docker stop nosuch; docker kill nosuch; docker logs nosuch; docker wait nosuch; docker top nosuch
    docker inspect nosuch; echo "inspect: $?"
    docker rename nosuch cmp-other; docker exec nosuch true; docker attach nosuch; docker pause nosuch
    docker rm cmp-name`,
  logs: `
    docker run --name cmp-logs cmpbox sh -c 'for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; sleep 0.01; done; printf unended' >/dev/null 2>&1
    docker logs cmp-logs 2>/dev/null; echo
    docker logs cmp-logs 2>&1 >/dev/null
    docker logs --tail 1 cmp-logs 2>/dev/null; echo
    docker logs -n 0 cmp-logs
    docker logs --tail x cmp-logs 2>/dev/null | wc -l
    docker logs -t cmp-logs 2>/dev/null | head -n 1 | cut -d ' ' -f 2-
    docker logs --since 1h --until 1s cmp-logs 2>/dev/null | wc -l
    docker logs --since 2099-01-01T00:00:00Z cmp-logs
    docker logs -f cmp-logs 2>/dev/null | tail -n 1; echo
    docker logs --since nonsense cmp-logs; echo "since: $?"
    docker rm cmp-logs
    docker run -d --log-driver none --name cmp-nolog cmpbox echo x >/dev/null; docker wait cmp-nolog; docker logs cmp-nolog; echo "none: $?"
    docker rm cmp-nolog`,
  exec: `
    docker run -d --name cmp-exec -e FROM=run -w /tmp -u app cmpbox sleep 1000 >/dev/null
    docker exec cmp-exec sh -c 'id; pwd; echo $FROM; echo err >&2; exit 9'; echo "exit code $?"
    docker exec -u root -w / -e FROM=exec cmp-exec sh -c 'id -u; pwd; echo $FROM'
    printf 'x\\ny\\n' | docker exec -i cmp-exec cat
    docker exec cmp-exec nosuchcommand; echo "exit code $?"
    docker exec cmp-exec /etc/passwd; echo "exit code $?"
    docker exec -w /nosuch cmp-exec true; echo "exit code $?"
    docker exec -u nosuch cmp-exec true; echo "exit code $?"
    docker exec cmp-exec sh -c 'kill -9 $$'; echo "exit code $?"
    docker exec -d cmp-exec sh -c 'echo done >/tmp/made'; docker exec cmp-exec sh -c 'until test -s /tmp/made; do sleep 0.01; done; cat /tmp/made'
    [ "$(docker exec --privileged -u root cmp-exec sed -n 's/^CapEff:.//p' /proc/self/status)" = "$(sed -n 's/^CapBnd:.//p' /proc/self/status)" ] && echo privileged
    docker exec cmp-exec grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status
    docker top cmp-exec -o pid,args | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2-
    docker rm -f cmp-exec
    docker create --name cmp-exec cmpbox true >/dev/null; docker exec cmp-exec true; echo "not running: $?"; docker rm cmp-exec`,
  inspect: `
    docker create --name cmp-inspect -e A=1 -l k=v -u app -w /w --hostname h --restart on-failure:3 -m 64m --cpus 0.5 --pids-limit 50 \\
      --cap-add NET_ADMIN --stop-signal INT --stop-timeout 3 --health-cmd true --log-opt max-size=1m --ulimit nofile=5:6 --read-only \\
      --tmpfs /t --dns 192.0.2.1 --add-host a:192.0.2.2 -it --init=false cmpbox echo hi >/dev/null
    docker inspect -f '{{json .Config}}' cmp-inspect
    docker inspect -f '{{json .HostConfig.RestartPolicy}} {{json .HostConfig.LogConfig}} {{json .HostConfig.Ulimits}}' cmp-inspect
    docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}} {{.HostConfig.CapAdd}}' cmp-inspect
    docker inspect -f '{{.Path}} {{.Args}} {{.Name}} {{.Driver}} {{.Platform}} {{.MountLabel}} {{.ProcessLabel}}' cmp-inspect
    docker inspect -f '{{json .State}}' cmp-inspect
    docker inspect -f '{{json .HostConfig.Dns}} {{json .HostConfig.ExtraHosts}} {{json .HostConfig.Tmpfs}} {{.HostConfig.ReadonlyRootfs}}' cmp-inspect
    docker inspect -f '{{json .HostConfig.MaskedPaths}} {{json .HostConfig.ReadonlyPaths}}' cmp-inspect
    docker inspect --size -f '{{.SizeRw}}' cmp-inspect
    docker inspect --type image cmp-inspect; echo "as image: $?"
    docker update --memory 128m --memory-swap 256m --restart always cmp-inspect
    docker inspect -f '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.RestartPolicy.Name}}' cmp-inspect
    docker rm cmp-inspect`,
  ps: `
    docker run -d --name cmp-ps1 -l group=cmp -l n=1 cmpbox sleep 1000 >/dev/null
    docker run --name cmp-ps2 -l group=cmp cmpbox sh -c 'exit 4'
    docker create --name cmp-ps3 -l group=cmp cmpbox echo a very long command line that will not fit in the column >/dev/null
    list() { docker ps --filter label=group=cmp "$@"; }
    list
    list -a
    list -a --no-trunc --format '{{.Command}}'
    list -aq | wc -l
    list -a --format 'table {{.Names}}\\t{{.Status}}'
    list -a --format json | head -n 1 | tr ',' '\\n' | cut -d : -f 1
    list -a --filter exited=4 --format '{{.Names}}'
    list -a --filter status=created --format '{{.Names}}'
    list -a --filter status=running --filter status=exited --format '{{.Names}}'
    list -a --filter name=ps2 --format '{{.Names}}'
    list -a --filter label=n=1 --format '{{.Names}} {{.Labels}}'
    list -a --filter ancestor=cmpbox --format '{{.Names}}'
    list -a --filter before=cmp-ps2 --format '{{.Names}}'
    list -a --filter since=cmp-ps2 --format '{{.Names}}'
    list -a --filter status=nonsense; echo "status: $?"
    list -a --filter nonsense=1; echo "filter: $?"
    list -n 1 --format '{{.Names}}'
    list -l --format '{{.Names}}'
    docker rm -f cmp-ps1 cmp-ps2 cmp-ps3`,
  wait: `
    docker run -d --name cmp-wait cmpbox sh -c 'sleep 0.3; exit 5' >/dev/null
    docker wait cmp-wait
    docker wait cmp-wait
    docker start -a cmp-wait; echo "start -a: $?"
    docker rm cmp-wait
    docker run -d --rm --name cmp-wait cmpbox sh -c 'sleep 0.3; exit 6' >/dev/null; docker wait cmp-wait
    docker start -a nosuch; echo "start -a: $?"`,
  attach: `
    docker create -i --name cmp-attach cmpbox sh -c 'while read line; do echo "got $line"; done; exit 2' >/dev/null
    docker start cmp-attach
    printf 'one\\ntwo\\n' | docker attach cmp-attach; echo "exit code $?"
    docker wait cmp-attach
    docker attach cmp-attach; echo "stopped: $?"
    docker logs cmp-attach
    docker rm cmp-attach`,
  "restart-policy": `
    docker run -d --name cmp-restart --restart on-failure:2 cmpbox sh -c 'exit 1' >/dev/null
    until [ "$(docker inspect -f '{{.RestartCount}} {{.State.Status}}' cmp-restart)" = "2 exited" ]; do sleep 0.1; done
    docker inspect -f '{{.RestartCount}} {{.State.ExitCode}} {{.HostConfig.RestartPolicy.Name}}' cmp-restart
    docker rm cmp-restart
    docker run --rm --restart always cmpbox true; echo "with --rm: $?"`,
  health: `
    docker run -d --name cmp-health --health-cmd 'test -e /ok' --health-interval 200ms --health-retries 2 --health-timeout 2s cmpbox sleep 1000 >/dev/null
    state() { docker inspect -f '{{.State.Health.Status}}' cmp-health; }
    until [ "$(state)" = unhealthy ]; do sleep 0.1; done; state
    docker exec cmp-health touch /ok
    until [ "$(state)" = healthy ]; do sleep 0.1; done; state
    docker inspect -f '{{.State.Health.FailingStreak}} {{(index .State.Health.Log 0).ExitCode}}' cmp-health
    docker ps --filter name=cmp-health --filter health=healthy --format '{{.Names}} {{.Status}}'
    results() { docker inspect -f '{{len .State.Health.Log}}' cmp-health; }
    until [ "$(results)" = 5 ]; do sleep 0.1; done
    docker pause cmp-health; state; docker unpause cmp-health
    docker kill cmp-health; docker wait cmp-health; state
    docker ps -a --filter name=cmp-health --filter health=unhealthy --format '{{.Names}}'
    docker start cmp-health; results
    docker rm -f cmp-health`,
  events: `
    since=$(date +%s.%N)
    docker run --name cmp-events -l k=v cmpbox sh -c 'exit 3'
    docker start cmp-events >/dev/null; docker wait cmp-events
    docker rename cmp-events cmp-events2
    docker rm cmp-events2
    docker events --since $since --until $(date +%s.%N) --filter type=container --filter label=k=v --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}} {{.Actor.Attributes.image}}'
    since=$(date +%s.%N)
    docker run -d --name cmp-events -l k=exec cmpbox sleep 1000 >/dev/null
    docker exec cmp-events true; docker exec cmp-events sh -c 'exit 2'
    docker rm -f cmp-events >/dev/null
    docker events --since $since --until $(date +%s.%N) --filter label=k=exec --filter event=exec_create --filter event=exec_start --filter event=exec_die --format '[{{.Action}}] {{.Actor.Attributes.exitCode}}'`,
  images: `
    docker tag cmpbox cmp-image:one
    docker images cmp-image --format '{{.Repository}} {{.Tag}}'
    docker image inspect -f '{{.Os}} {{.Architecture}} {{.RepoTags}} {{json .Config.Cmd}} {{json .Config.Env}} {{len .RootFS.Layers}}' cmp-image:one | sed 's/\\[.*cmp-image/[cmp-image/'
    docker tag nosuch cmp-image:two; echo "tag: $?"
    docker tag cmpbox 'CMP:Bad'; echo "name: $?"
    docker history --format '{{.CreatedBy}} {{.Comment}}' cmp-image:one
    docker create --name cmp-uses cmp-image:one true >/dev/null
    docker rmi cmp-image:one
    docker rmi cmp-image:one; echo "again: $?"
    docker image inspect cmp-image:one; echo "gone: $?"
    docker inspect -f '{{.Config.Image}}' cmp-uses
    docker rm cmp-uses
    printf 'not an archive' | docker load; echo "load: $?"
    tar -c -C / etc/hostname | docker import -c 'CMD ["x"]' -c 'ENV A=1' -m made - cmp-image:three | cut -c 1-7
    docker image inspect -f '{{json .Config.Cmd}} {{json .Config.Env}} {{.Comment}}' cmp-image:three
    docker run --rm cmp-image:three; echo "run: $?"
    docker rmi cmp-image:three | sed 's/sha256:.*/sha256/'`,
  "auto-remove": `
    docker run -d --rm --name cmp-rm cmpbox sleep 1000 >/dev/null
    docker stop -t 0 cmp-rm
    until ! docker inspect cmp-rm >/dev/null 2>&1; do sleep 0.05; done
    docker inspect cmp-rm; echo "gone: $?"`,
  limits: runs(
    "-m 64m cmpbox sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max'",
    "--pids-limit 10 cmpbox sh -c 'cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max'",
    "-m 16m cmpbox dd if=/dev/zero of=/dev/null bs=200M count=1",
  ),
};
