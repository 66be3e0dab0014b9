/**
 * Days with several containers that belong together, as composed by hand: networks with aliases, volumes, health, ports, files carried in
 * and out, replacement of one part while the others go on. See scripts.ts for what a script may rely on; ports from 18460 on are ours.
 */

const healthy = (name: string): string =>
  `until [ "$(docker inspect -f '{{.State.Health.Status}}' ${name})" = healthy ]; do sleep 0.05; done`;
/** Whoever waits in vain says so and ends, long before the test's own limit, at which the file's engine would be killed too. */
const arrives = (url: string): string =>
  `timeout 15 sh -c 'until curl -s -g --max-time 1 -o /dev/null ${url}; do sleep 0.05; done' || { echo "nothing arrives from ${url}"; exit 1; }`;
const NETWORKS = `{{range $name, $e := .NetworkSettings.Networks}}{{$name}} {{json $e.Aliases}} {{end}}`;

/** A store on an internal network, a server of what is in it, and a door to the world in front of that. */
const UP = `
  docker network create --label cmp=day cmp-front >/dev/null
  docker network create --label cmp=day --internal --subnet 10.251.11.0/24 cmp-back >/dev/null
  docker volume create --label cmp=day cmp-data
  docker run -d --name cmp-store --network name=cmp-back,alias=store,alias=db,ip=10.251.11.9 -v cmp-data:/data -l cmp=day \\
    --health-cmd 'test -e /data/ready' --health-interval 100ms cmpbox \\
    sh -c 'until test -e /data/go; do sleep 0.05; done; touch /data/ready; echo "store is up"; exec sleep 1000' >/dev/null
  docker ps --filter name=cmp-store --format '{{.Names}} {{.State}} {{.Status}} {{.Networks}} {{.Mounts}}'
  docker exec cmp-store touch /data/go
  ${healthy("cmp-store")}
  docker run -d --name cmp-app --network cmp-back --network-alias app --volumes-from cmp-store:ro -l cmp=day --hostname app1 cmpbox \\
    httpd -f -p 8000 -h /data >/dev/null
  docker create --name cmp-door --network cmp-front -p 18460:80 -p 127.0.0.1:18461:80 -l cmp=day --restart unless-stopped cmpbox \\
    sh -c 'mkdir -p /www/cgi-bin; cp /page /www/cgi-bin/; exec httpd -f -p 80 -h /www' >/dev/null
  docker network connect cmp-back cmp-door`;

const DOWN = `
  docker rm -f -v $(docker ps -aq --filter label=cmp=day) >/dev/null
  docker volume rm cmp-data; docker network rm cmp-front cmp-back`;

const inDirectory = (lines: string): string => `
  dir=$(mktemp -d /tmp/cmp-day.XXXXXX) && cd "$dir" || exit 9
  printf '#!/bin/sh\\necho; wget -qO- http://app:8000/index.html\\n' >page; chmod 755 page
  {
  ${UP}
  docker cp -q page cmp-door:/page; docker start cmp-door
  echo "first page" >index.html; docker cp -q index.html cmp-store:/data/
  ${arrives("http://127.0.0.1:18460/cgi-bin/page")}
  ${lines}
  ${DOWN}
  } 2>&1 | sed "s,$dir,HERE,g"
  rm -rf "$dir"`;

export const TOGETHER_SCRIPTS: Readonly<Record<string, string>> = {
  "day-together": inDirectory(`
    for address in 127.0.0.1:18460 127.0.0.1:18461 '[::1]:18460'; do curl -s -g --max-time 5 http://$address/cgi-bin/page; done
    docker port cmp-door; docker port cmp-door 80/tcp; docker port cmp-store
    docker ps --filter label=cmp=day --format 'table {{.Names}}\\t{{.Image}}\\t{{.Ports}}'
    docker inspect -f '{{.Name}} ${NETWORKS}' cmp-store cmp-app cmp-door
    docker network inspect -f '{{range .Containers}}{{.Name}}{{println}}{{end}}' cmp-front cmp-back | sort
    docker inspect -f '{{range .Mounts}}{{.Type}} {{.Name}} {{.Destination}} {{.RW}}{{end}}' cmp-store cmp-app
    docker exec cmp-app touch /data/x; echo "read-only: $?"
    docker exec cmp-app sh -c 'for name in store db cmp-store door cmp-door; do ping -c 1 -w 1 $name >/dev/null 2>&1 && echo "$name answers"; done'
    docker exec cmp-door sh -c 'for name in store app app1 cmp-app; do ping -c 1 -w 1 $name >/dev/null 2>&1 && echo "$name answers"; done'
    docker exec cmp-app ping -c 1 -w 1 192.0.2.1 >/dev/null 2>&1; echo "outside: $?"
    docker exec cmp-store cat /etc/hosts | grep -c 10.251.11.9
    docker run --rm --network cmp-front cmpbox ping -c 1 -w 1 store >/dev/null 2>&1; echo "from the other network: $?"
    docker run --rm --network container:cmp-app cmpbox wget -qO- http://localhost:8000/index.html
    docker top cmp-door -o args; docker logs cmp-store; docker logs --tail 1 cmp-door
    docker diff cmp-app; docker diff cmp-door | sort
    docker export cmp-door | tar -t | grep -e ^page -e ^www/cgi | sort
    docker cp cmp-app:/data/index.html out; cat out; docker cp cmp-app:/data/. - | tar -t | sort
    docker cp page cmp-app:/data/; echo "into what is read-only: $?"`),
  "day-changes": inDirectory(`
    docker run -d --name cmp-app2 --network cmp-back --network-alias app --volumes-from cmp-store -l cmp=day cmpbox httpd -f -p 8000 -h /data >/dev/null
    docker exec cmp-door nslookup app 127.0.0.11 2>/dev/null | grep -c 'Address.*10.251.11'
    docker rm -f cmp-app; curl -s --max-time 5 http://127.0.0.1:18460/cgi-bin/page
    docker rename cmp-app2 cmp-app; docker exec cmp-door ping -c 1 -w 2 cmp-app | grep -c 'bytes from'
    docker network disconnect cmp-back cmp-app; docker exec cmp-door ping -c 1 -w 1 app 2>&1 | tail -n 1
    docker network connect --alias app cmp-back cmp-app; curl -s --max-time 5 http://127.0.0.1:18460/cgi-bin/page
    docker pause cmp-app; curl -s --max-time 1 http://127.0.0.1:18460/cgi-bin/page; echo "paused: $?"
    docker unpause cmp-app; echo "second page" | docker exec -i cmp-store sh -c 'cat >/data/index.html'; curl -s --max-time 5 http://127.0.0.1:18461/cgi-bin/page
    docker restart -t 0 cmp-door cmp-app cmp-store; ${healthy("cmp-store")}
    ${arrives("http://127.0.0.1:18460/cgi-bin/page")}; curl -s --max-time 5 http://127.0.0.1:18460/cgi-bin/page
    docker rm -f -v cmp-store
    docker run -d --name cmp-store --network name=cmp-back,alias=store,ip=10.251.11.9 -v cmp-data:/data -l cmp=day cmpbox sleep 1000 >/dev/null
    docker exec cmp-store sh -c 'cat /data/index.html; ls /data'
    docker run --rm --network cmp-back --ip 10.251.11.9 cmpbox true; echo "taken address: $?"
    docker run --rm --name cmp-port -p 18461:80 cmpbox true 2>&1 | sed 's/([0-9a-f<].*)/(id)/'; docker volume rm cmp-data 2>&1 | sed 's/\\[.*\\]/[ids]/'
    docker network rm cmp-back 2>&1 | sed 's/id:"[0-9a-f]*"/id/g; s/cmp-[a-z]*" id/name" id/g' | cut -c 1-120
    docker update --restart no --memory 32m --memory-swap 64m cmp-door; docker inspect -f '{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.Memory}}' cmp-door
    docker commit -m day -c 'ENV DAY=1' cmp-door cmp-day:1 | cut -c 1-7; docker run --rm cmp-day:1 sh -c 'echo $DAY; ls /www/cgi-bin'; docker rmi cmp-day:1 | cut -d : -f 1`),
  "day-events": `
    since=$(date +%s.%N)
    docker network create --label cmp=day cmp-front >/dev/null; docker volume create --label cmp=day cmp-data >/dev/null
    docker create --name cmp-one --network cmp-front --network-alias one -v cmp-data:/data --health-cmd true --health-interval 100ms -l cmp=day cmpbox sleep 1000 >/dev/null
    docker start cmp-one; ${healthy("cmp-one")}
    docker run --rm --name cmp-two --network cmp-front --volumes-from cmp-one -l cmp=day cmpbox ping -c 1 -w 2 one >/dev/null
    docker exec cmp-one true; docker cp cmp-one:/etc/group - >/dev/null; docker export cmp-one >/dev/null
    docker pause cmp-one; docker unpause cmp-one; docker rename cmp-one cmp-uno; docker update --restart always cmp-uno; docker update --restart no cmp-uno
    docker kill -s USR1 cmp-uno; docker restart -t 0 cmp-uno; docker stop -t 0 cmp-uno; docker rm cmp-uno
    docker volume rm cmp-data; docker network rm cmp-front
    seen() { docker events --since $since --until $(date +%s.%N) "$@" | sed 's/exec_[a-z]*: .*/&/' | grep -v 'exec_\\|health_status'; }
    for name in cmp-one cmp-two cmp-uno; do seen --filter container=$name --filter type=container --format '{{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.signal}} {{.Actor.Attributes.exitCode}} {{.Actor.Attributes.oldName}}' | sort | uniq -c | sed 's/^ *//'; done
    seen --filter network=cmp-front --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}' | sort | uniq -c | sed 's/^ *//'
    seen --filter volume=cmp-data --format '{{.Type}} {{.Action}} {{.Actor.ID}} {{.Actor.Attributes.destination}}' | sort -u`,
};
