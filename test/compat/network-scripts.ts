/**
 * A day with networks, as shell scripts like those in scripts.ts. Where addresses are shown the subnets are fixed ones, of a range that
 * nothing else on a machine with tests uses.
 */

const code = (command: string): string => `${command}; echo "exit code $?"`;
const refuses = (...options: readonly string[]): string =>
  options.map((option) => code(`docker network create ${option} cmp-net`)).join("\n");

/** Addresses and the way out, without what is fresh each time. */
const LOOK = `look() { docker exec $1 sh -c 'ip -o addr | tr -s " " | cut -d " " -f 4 | grep -v "^127\\|^::1\\|fe80" | sort; ip route | cut -d " " -f 1-3 | grep default; ip -6 route | cut -d " " -f 1-3 | grep default'; }`;
/** An endpoint without its ids and its hardware address. */
const ENDPOINTS = `{{range $name, $e := .NetworkSettings.Networks}}{{$name}} {{json $e.IPAMConfig}} {{json $e.Aliases}} {{json $e.Links}} {{json $e.DriverOpts}} {{$e.GwPriority}} {{$e.IPAddress}}/{{$e.IPPrefixLen}} {{$e.Gateway}} {{$e.GlobalIPv6Address}}/{{$e.GlobalIPv6PrefixLen}} {{$e.IPv6Gateway}} {{json $e.DNSNames}}{{println}}{{end}}`;

export const NETWORK_SCRIPTS: Readonly<Record<string, string>> = {
  networks: `
    docker network create --label cmp=1 --subnet 10.251.8.0/24 --gateway 10.251.8.9 --ip-range 10.251.8.128/25 --aux-address me=10.251.8.130 cmp-net1 | wc -c
    docker network create --label cmp=2 --label x=y --internal --attachable -o com.docker.network.driver.mtu=1400 --subnet 10.251.9.0/24 cmp-net2 >/dev/null
    docker network create --label cmp=3 --ipv6 --ipv4=false --subnet fd00:251::/64 cmp-net3 >/dev/null
    list() { docker network ls --filter label=cmp "$@"; }
    list
    list -q | wc -l
    list --no-trunc
    list --format '{{.Name}} {{.Driver}} {{.Scope}} {{.IPv4}} {{.IPv6}} {{.Internal}} {{.Label "cmp"}} {{.Label "x"}}'
    list --filter label=cmp=1 --format json | tr ',' '\\n' | cut -d : -f 1
    list --format 'table {{.Name}}\\t{{.Driver}}'
    list --filter label=cmp=2 --format '{{.Name}}'
    list --filter name=net3 --filter name=net1 --format '{{.Name}}'
    list --filter type=builtin --format '{{.Name}}'
    list --filter type=custom --filter dangling=true --filter driver=bridge --format '{{.Name}}'
    list --filter dangling=false --format '{{.Name}}'
    list --filter scope=swarm --format '{{.Name}}'
    list --filter nonsense=1; echo "filter: $?"
    list --filter type=nonsense; echo "type: $?"
    list --filter dangling=nonsense; echo "dangling: $?"
    docker network inspect cmp-net1 cmp-net2 cmp-net3
    docker network inspect -f '{{.Name}} {{.Driver}} {{len .Containers}} {{json .Options}} {{(index .IPAM.Config 0).Subnet}}' cmp-net2 cmp-nosuch; echo "inspect: $?"
    docker inspect -f '{{.Name}}' cmp-net1
    docker inspect --type network -f '{{.Internal}}' cmp-net2
    docker network create cmp-net1; echo "taken: $?"
    docker network rm cmp-net1 cmp-nosuch; echo "rm: $?"
    docker network rm -f cmp-nosuch; echo "rm -f: $?"
    docker network prune -f --filter label=cmp=2
    docker network prune -f --filter label=cmp --filter 'label!=cmp=3'
    docker network prune -f --filter nonsense=1; echo "prune: $?"
    docker network prune -f --filter until=nonsense; echo "until: $?"
    echo n | docker network prune --filter label=cmp
    docker network rm cmp-net3
    docker network rm bridge; docker network rm host; docker network rm none`,
  "network-refusals": `
    ${refuses(
      "--driver nosuch",
      "--driver host",
      "--driver overlay",
      "--subnet nonsense",
      "--subnet 10.251.8.0/33",
      "--subnet 10.251.8.7/24",
      "--subnet 10.251.8.0/24 --gateway 10.251.9.1",
      "--gateway 10.251.9.1",
      "--subnet 10.251.8.0/24 --ip-range 10.251.9.0/25",
      "--subnet 10.251.8.0/24 --ip-range nonsense",
      "--subnet 10.251.8.0/24 --subnet 10.251.8.0/25",
      "--subnet 10.251.8.0/24 --subnet 10.251.9.0/24",
      "--subnet 10.251.8.0/24 --gateway 10.251.8.0",
      "--subnet 10.251.8.0/24 --aux-address a=10.251.8.1",
      "--subnet 10.251.8.0/24 --aux-address a=10.251.9.1",
      "--ipam-driver nosuch",
      "--ipam-driver null",
      "--ipv4=false",
      "--scope swarm",
      "--ingress",
      "-o com.docker.network.bridge.name=verylongbridgename",
      "-o com.docker.network.bridge.enable_icc=maybe",
      "-o com.docker.network.bridge.enable_ip_masquerade=maybe",
      "-o com.docker.network.bridge.host_binding_ipv4=nowhere",
      "-o com.docker.network.bridge.gateway_mode_ipv4=nonsense",
      "-o com.docker.network.bridge.gateway_mode_ipv4=isolated",
      "-o com.docker.network.driver.mtu=nonsense",
      "-o com.docker.network.driver.mtu=-1",
      "-o com.docker.network.host_ipv4=nowhere",
      "-o com.docker.network.enable_ipv6=maybe",
      "--driver macvlan -o macvlan_mode=nonsense",
      "--driver macvlan -o parent=lo",
      "--driver macvlan -o parent=nosuch.5",
      "--driver ipvlan -o ipvlan_mode=nonsense",
      "--config-from nosuch",
      "--config-only --internal",
    )}
    for name in bridge host none default; do docker network create $name; done
    docker network create ''; docker network create
    docker network create --subnet 10.251.8.0/24 cmp-net >/dev/null
    docker network create --subnet 10.251.8.128/25 cmp-net2
    docker network create --config-only --subnet 10.251.9.0/24 -o com.docker.network.driver.mtu=1400 cmp-config >/dev/null
    docker network create --config-from cmp-config --label a=b cmp-net2
    docker network create --config-from cmp-config -o a=b cmp-net2
    docker network create --config-from cmp-config cmp-net2 >/dev/null
    docker network inspect cmp-config cmp-net2
    docker create --name cmp-on cmpbox >/dev/null
    docker network connect cmp-config cmp-on; docker rm cmp-on
    docker run --rm --network cmp-config cmpbox true
    docker network rm cmp-config
    docker network rm cmp-net2 cmp-config cmp-net`,
  "network-connect": `
    ${LOOK}
    docker network create --subnet 10.251.8.0/24 cmp-one >/dev/null
    docker network create --subnet 10.251.9.0/24 --subnet fd00:251::/64 --ipv6 cmp-two >/dev/null
    docker network create --subnet 10.251.10.0/24 --internal cmp-inside >/dev/null
    docker create --name cmp-on --hostname web --domainname example.org --network cmp-one --network-alias al cmpbox sleep 1000 >/dev/null
    docker inspect -f '${ENDPOINTS}' cmp-on
    docker network connect --ip 10.251.9.77 --ip6 fd00:251::77 --alias bb cmp-two cmp-on
    docker inspect -f '${ENDPOINTS}' cmp-on
    docker start cmp-on
    look cmp-on
    docker inspect -f '${ENDPOINTS}{{.NetworkSettings.IPAddress}} {{json .NetworkSettings.Ports}} {{.HostConfig.NetworkMode}}' cmp-on | sed 's/[0-9a-f]\\{12\\}/short/g'
    docker network connect --driver-opt com.docker.network.endpoint.ifname=in0 --link-local-ip 169.254.7.7 cmp-inside cmp-on
    look cmp-on
    docker exec cmp-on sh -c 'test -e /sys/class/net/in0 && sort /etc/hosts'
    docker network connect cmp-one cmp-on; echo "again: $?"
    docker network inspect -f '{{range .Containers}}{{.Name}} {{.IPv4Address}} {{.IPv6Address}}{{end}}' cmp-one cmp-two cmp-inside
    docker network rm cmp-two 2>&1 | sed 's/id:"[0-9a-f]*"/id/'
    docker network disconnect cmp-two cmp-on
    look cmp-on
    docker exec cmp-on sort /etc/hosts
    docker network disconnect cmp-two cmp-on; echo "again: $?"
    docker network disconnect cmp-nosuch cmp-on; docker network disconnect cmp-one nosuch; docker network disconnect -f cmp-one nosuch
    docker network connect cmp-nosuch cmp-on; docker network connect cmp-one nosuch
    docker rename cmp-on cmp-on2
    docker inspect -f '${ENDPOINTS}' cmp-on2 | sed 's/[0-9a-f]\\{12\\}/short/g'
    docker network connect --ip 10.251.10.5 cmp-two cmp-on2; echo "outside: $?"
    docker network connect --ip nonsense cmp-two cmp-on2; echo "address: $?"
    docker network connect --alias x bridge cmp-on2; echo "alias: $?"
    docker network connect host cmp-on2; docker network connect none cmp-on2
    docker stop -t 0 cmp-on2
    docker inspect -f '${ENDPOINTS}' cmp-on2 | sed 's/[0-9a-f]\\{12\\}/short/g'
    docker network rm cmp-inside
    docker start cmp-on2 2>&1 | tail -n 1
    docker network disconnect -f cmp-inside cmp-on2; docker network disconnect cmp-one cmp-on2
    docker inspect -f '${ENDPOINTS}' cmp-on2
    docker start cmp-on2 && docker exec cmp-on2 ls /sys/class/net
    docker network connect --ip 10.251.9.1 cmp-two cmp-on2; echo "taken: $?"
    docker rm -f cmp-on2
    docker network rm cmp-one cmp-two`,
  "network-run": `
    docker network create --subnet 10.251.8.0/24 cmp-one >/dev/null
    docker network create --subnet 10.251.9.0/24 cmp-two >/dev/null
    on() { docker run --rm "$@" cmpbox sh -c 'ip -o -4 addr | tr -s " " | cut -d " " -f 4 | grep -v "^127" | sort; ip route | cut -d " " -f 1-3 | grep default; ls /sys/class/net'; echo "exit code $?"; }
    on --network cmp-one
    on --network cmp-one --ip 10.251.8.44
    on --network name=cmp-one,ip=10.251.8.45,driver-opt=com.docker.network.endpoint.ifname=net9
    on --network cmp-one --network name=cmp-two,gw-priority=1
    on --network name=cmp-two,gw-priority=-1 --network cmp-one
    on --network cmp-one --ip 10.251.9.44
    on --network cmp-one --ip 10.251.8.1
    on --network cmp-one --network nosuch
    on --network cmp-one --network bridge
    docker run --rm --network cmp-one --mac-address 02:00:00:00:00:07 cmpbox cat /sys/class/net/eth0/address
    docker run --rm --network name=cmp-one,driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1 cmpbox cat /proc/sys/net/ipv4/conf/eth0/log_martians
    docker run --rm --network name=cmp-one,driver-opt=com.docker.network.endpoint.sysctls=net.ipv4.ip_forward=0 cmpbox true
    docker create --name cmp-late --network cmp-later cmpbox ls /sys/class/net >/dev/null
    docker start -a cmp-late 2>&1 | head -n 1
    docker network create --internal cmp-later >/dev/null
    docker start -a cmp-late; docker rm cmp-late; docker network rm cmp-later
    docker run --rm --network "$(docker network ls -qf name=cmp-one)" cmpbox true; echo "by id: $?"
    docker run -d --name cmp-net --network none cmpbox sleep 1000 >/dev/null
    docker network connect cmp-one cmp-net; docker network disconnect none cmp-net; docker network connect cmp-one cmp-net
    docker exec cmp-net ls /sys/class/net
    docker run --rm --network container:cmp-net cmpbox sh -c 'ip -o -4 addr | tr -s " " | cut -d " " -f 2-4'
    docker run -d --name cmp-same --network container:cmp-net cmpbox sleep 1000 >/dev/null
    docker network connect cmp-one cmp-same; docker inspect -f '{{len .NetworkSettings.Networks}}' cmp-same
    docker rm -f cmp-same cmp-net
    docker run -d --name cmp-net --network host cmpbox sleep 1000 >/dev/null
    docker network connect cmp-one cmp-net; docker network disconnect host cmp-net
    docker rm -f cmp-net
    docker ps -a --filter network=cmp-one -q | wc -l
    docker network rm cmp-one cmp-two`,
  "network-links": `
    docker run -d --name cmp-db -e COLOUR=blue -e HOME=/x --expose 5432 --expose 53/udp cmpbox sleep 1000 >/dev/null
    docker run -d --name cmp-web --link cmp-db:base --link cmp-db cmpbox sleep 1000 >/dev/null
    docker exec cmp-web sh -c 'env | grep -E "^(BASE|CMP_DB)_" | sort | sed "s/172[0-9.]*\\|10\\.213[0-9.]*/<address>/"'
    docker exec cmp-web sh -c 'grep base /etc/hosts | tr -s "\\t " " " | cut -d " " -f 2,4'
    docker inspect -f '{{json .HostConfig.Links}}' cmp-web
    docker ps --no-trunc --filter name=cmp-db --format '{{.Names}}'
    docker inspect -f '{{.Name}}' /cmp-web/base
    docker rm --link /cmp-web/base; docker inspect -f '{{json .HostConfig.Links}}' cmp-web
    docker rm -f cmp-web cmp-db
    docker run --rm --link nosuch:x cmpbox true; echo "nobody: $?"
    docker create --name cmp-db cmpbox true >/dev/null
    docker run --name cmp-web --link cmp-db:base cmpbox true; echo "not running: $?"
    docker rm -f cmp-web cmp-db
    docker network create cmp-one >/dev/null
    docker run -d --name cmp-db --network cmp-one cmpbox sleep 1000 >/dev/null
    docker run --rm --network cmp-one --link cmp-db:base cmpbox ping -c 1 -W 5 base | grep -o "1 packets received"
    docker rm -f cmp-db; docker network rm cmp-one`,
  "network-events": `
    since=$(date +%s.%N)
    docker network create --label k=v cmp-ev >/dev/null
    docker run -d --name cmp-on --network cmp-ev cmpbox sleep 1000 >/dev/null
    docker network create cmp-ev2 >/dev/null
    docker network connect cmp-ev2 cmp-on; docker network disconnect cmp-ev2 cmp-on
    docker stop -t 0 cmp-on; docker rm cmp-on >/dev/null
    docker network rm cmp-ev cmp-ev2
    for name in cmp-ev cmp-on; do
      docker events --since $since --until $(date +%s.%N) --filter network=cmp-ev --filter type=network --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.type}}'
    done
    docker events --since $since --until $(date +%s.%N) --filter container=cmp-on --filter event=die --filter event=start --filter event=destroy --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}'`,
};
