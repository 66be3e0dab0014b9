/** Published ports with the docker client; see scripts.ts for what a script may rely on. Ports from 18400 on are ours. */

/** A server in the container, and waiting until it is reached. */
const SERVE = `'mkdir /w; echo served >/w/index.html; exec httpd -f -p 80 -h /w'`;
const fetch = (url: string): string => `curl -s -g --max-time 5 ${url} || echo "no answer from ${url}"`;
/** Whoever waits in vain says so and ends, long before the test's own limit, at which the file's engine would be killed too. */
const arrives = (url: string): string =>
  `timeout 15 sh -c 'until curl -s -g --max-time 1 -o /dev/null ${url}; do sleep 0.05; done' || { echo "nothing arrives from ${url}"; exit 1; }`;
const shown = (name: string): string => `docker inspect -f '{{json .NetworkSettings.Ports}}' ${name}`;
const somewhere = "sed -E 's/\\b(3[2-9]|[45][0-9]|60)[0-9]{3}\\b/<port>/g'";

export const PORT_SCRIPTS: Readonly<Record<string, string>> = {
  ports: `
    docker run -d --name cmp-ports -p 18400:80 -p 127.0.0.1:18401:81 -p 18402:82/udp -p '[::1]:18403:83' --expose 90 --expose 91-92/udp cmpbox sleep 1000 >/dev/null
    docker port cmp-ports
    docker port cmp-ports 80; docker port cmp-ports 82/udp; docker port cmp-ports 82; echo "exit code $?"
    docker ps --filter name=cmp-ports --format '{{.Ports}}'
    ${shown("cmp-ports")}
    docker inspect -f '{{json .HostConfig.PortBindings}} {{json .Config.ExposedPorts}}' cmp-ports
    docker ps --filter publish=18400 --format '{{.Names}}'; docker ps --filter publish=82/udp --format '{{.Names}}'; docker ps --filter expose=90 --format '{{.Names}}'
    docker stop -t 0 cmp-ports; ${shown("cmp-ports")}; docker port cmp-ports; echo "exit code $?"
    docker ps -a --filter name=cmp-ports --format '{{.Ports}}.'
    docker start cmp-ports; docker port cmp-ports
    docker rm -f cmp-ports`,
  "port-ranges": `
    docker run -d --name cmp-ranges -p 18410-18412:80-82 -p 18413-18414:90 cmpbox sleep 1000 >/dev/null
    docker ps --filter name=cmp-ranges --format '{{.Ports}}'
    docker run -d --name cmp-ranges2 -p 18413-18414:90 cmpbox sleep 1000 >/dev/null
    docker port cmp-ranges2
    docker run --name cmp-ranges3 -p 18413-18414:90 cmpbox true; echo "exit code $?"
    docker run --rm -p 18410-18412:80-81 cmpbox true; echo "exit code $?"
    docker rm -f cmp-ranges cmp-ranges2 cmp-ranges3`,
  "ports-anywhere": `
    docker run -d --name cmp-any -P --expose 70 --expose 71/udp -p 80 -p 127.0.0.1::81 cmpbox sleep 1000 >/dev/null
    docker port cmp-any | ${somewhere}
    docker ps --filter name=cmp-any --format '{{.Ports}}' | ${somewhere}
    test "$(docker port cmp-any 80 | sed 's/.*://' | uniq | wc -l)" = 1 && echo "one port for both families"
    before=$(docker port cmp-any 80); docker restart -t 0 cmp-any >/dev/null; test "$before" != "$(docker port cmp-any 80)" && echo "another after a restart"
    docker rm -f cmp-any`,
  "port-conflicts": `
    docker run -d --name cmp-first -p 18420:80 -p 127.0.0.1:18421:81 cmpbox sleep 1000 >/dev/null
    docker run --name cmp-second -p 18420:80 cmpbox true; echo "exit code $?"
    docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' cmp-second
    docker run --rm --name cmp-third -p 127.0.0.1:18420:80 cmpbox true; echo "exit code $?"
    docker run --rm --name cmp-third -p '[::1]:18420:80' cmpbox true; echo "exit code $?"
    docker run --rm --name cmp-third -p 18421:80 cmpbox true; echo "exit code $?"
    docker run --rm --name cmp-third -p 127.0.0.2:18421:80 -p 18420:80/udp cmpbox echo fine
    docker run --rm --name cmp-third -p 192.0.2.77:18422:80 cmpbox true; echo "exit code $?"
    docker run --rm --name cmp-third -p 18423:80 -p 18423:81 cmpbox true; echo "exit code $?"
    docker rm -f cmp-first; docker start -a cmp-second; echo "exit code $?"
    docker rm cmp-second`,
  "port-traffic": `
    docker network create cmp-side >/dev/null
    docker run -d --name cmp-web -p 18430:80 -p 127.0.0.1:18431:80 cmpbox sh -c ${SERVE} >/dev/null
    ${arrives("http://127.0.0.1:18430/")}
    ${fetch("http://127.0.0.1:18430/")}
    ${fetch("http://127.0.0.1:18431/")}
    ${fetch("http://[::1]:18430/")}
    gateway=$(docker network inspect -f '{{(index .IPAM.Config 0).Gateway}}' bridge)
    ${fetch("http://$gateway:18430/")}
    ${fetch("http://$gateway:18431/")} | sed "s/$gateway/<gateway>/"
    docker run --rm cmpbox wget -qO- -T 5 http://$gateway:18430/
    docker run --rm --network cmp-side cmpbox wget -qO- -T 5 http://$gateway:18430/
    docker exec cmp-web wget -qO- -T 5 http://$gateway:18430/
    docker run --rm --network host cmpbox wget -qO- -T 5 http://127.0.0.1:18431/
    docker run --rm --network container:cmp-web cmpbox wget -qO- -T 5 http://127.0.0.1:80/
    docker pause cmp-web; docker unpause cmp-web; ${fetch("http://127.0.0.1:18430/")}
    docker restart -t 0 cmp-web; ${arrives("http://127.0.0.1:18430/")}; ${fetch("http://127.0.0.1:18430/")}
    docker rm -f cmp-web; ${fetch("http://127.0.0.1:18430/")}
    docker network rm cmp-side`,
  "port-modes": `
    docker run -d --name cmp-host --network host -p 18440:80 cmpbox sleep 1000 >/dev/null; ${shown("cmp-host")}
    docker run -d --name cmp-none --network none -p 18440:80 cmpbox sleep 1000 >/dev/null; ${shown("cmp-none")}
    docker run --rm --network container:cmp-none -p 18440:80 cmpbox true; echo "exit code $?"
    docker network create --internal cmp-internal >/dev/null
    docker run -d --name cmp-internal --network cmp-internal -p 18440:80 cmpbox sleep 1000 >/dev/null; ${shown("cmp-internal")}
    docker network create -o com.docker.network.bridge.host_binding_ipv4=127.0.0.1 cmp-bound >/dev/null
    docker run -d --name cmp-bound --network cmp-bound -p 18441:80 cmpbox sleep 1000 >/dev/null; docker port cmp-bound
    docker network create -o com.docker.network.bridge.gateway_mode_ipv4=routed cmp-routed >/dev/null
    docker run -d --name cmp-routed --network cmp-routed -p 18442:80 cmpbox sleep 1000 >/dev/null; ${shown("cmp-routed")}; docker ps --filter name=cmp-routed --format '{{.Ports}}'
    docker network create --ipv6 cmp-dual >/dev/null
    docker run -d --name cmp-dual --network cmp-dual -p 18443:80 cmpbox sh -c ${SERVE} >/dev/null; docker port cmp-dual
    ${arrives("http://127.0.0.1:18443/")}; ${fetch("http://[::1]:18443/")}
    docker rm -f cmp-host cmp-none cmp-internal cmp-bound cmp-routed cmp-dual
    docker network rm cmp-internal cmp-bound cmp-routed cmp-dual`,
  "port-follows-network": `
    docker network create cmp-near >/dev/null; docker network create cmp-far >/dev/null
    docker run -d --name cmp-follow --network cmp-near -p 18450:80 cmpbox sh -c ${SERVE} >/dev/null
    docker network connect cmp-far cmp-follow; docker port cmp-follow
    docker network disconnect cmp-near cmp-follow; docker port cmp-follow
    ${arrives("http://127.0.0.1:18450/")}; ${fetch("http://127.0.0.1:18450/")}
    docker network disconnect cmp-far cmp-follow; docker port cmp-follow; ${shown("cmp-follow")}
    docker rm -f cmp-follow; docker network rm cmp-near cmp-far`,
};
