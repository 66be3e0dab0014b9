/** Names, resolv.conf and hosts with the docker client; see scripts.ts for what a script may rely on. */

const run = (flags: string, command: string): string =>
  `docker run --rm --hostname h1 ${flags} cmpbox sh -c '${command}'`;
const FILES = "cat /etc/resolv.conf /etc/hosts /etc/hostname";
/** What the machine's own resolv.conf says is no matter here. */
const HOSTLESS = `sed -E '/127.0.0.11|192.0.2/!s/^nameserver .*/nameserver <host>/; s/host\\(.*\\)/host(<host>)/; s/^options .*ndots:0/options ndots:0/; /^search [^ab]/d' | uniq`;
/** The client's only other server is the resolver itself, which is left out: no test waits for the machine's. What is answered, in an order of its own: both families are asked for at once. */
const lookUp = (container: string, ...names: readonly string[]): string =>
  names
    .map((name) => `docker exec ${container} nslookup ${name} | grep -E '^(Name|Address: 172|[*])' | sort -u`)
    .join("\n");

export const NAME_SCRIPTS: Readonly<Record<string, string>> = {
  "name-files": `
    docker network create cmp-names >/dev/null
    docker network create --internal cmp-inner >/dev/null
    ${run("", FILES)} | ${HOSTLESS}
    ${run("--network none", FILES)} | ${HOSTLESS}
    ${run("--network cmp-names", FILES)} | ${HOSTLESS}
    ${run("--network cmp-inner", FILES)} | ${HOSTLESS}
    ${run("--network host", "cat /etc/resolv.conf")} | ${HOSTLESS}
    ${run("--dns 192.0.2.53 --dns-search a.test --dns-search b.test --dns-option ndots:3", "cat /etc/resolv.conf")} | ${HOSTLESS}
    ${run("--network cmp-names --dns 192.0.2.53 --dns 127.0.0.1 --dns-search a.test --dns-option ndots:3 --dns-option rotate", "cat /etc/resolv.conf")} | ${HOSTLESS}
    ${run("--network cmp-names --dns-search . --dns-option ndots:x", "cat /etc/resolv.conf")} | ${HOSTLESS}
    ${run("--network cmp-names --domainname d.test --add-host a.test:192.0.2.7 --add-host gate:host-gateway", 'sed "s/^.*\\tgate/<gateway>\\tgate/" /etc/hosts')} | ${HOSTLESS}
    ${run("--network cmp-names --sysctl net.ipv6.conf.all.disable_ipv6=1", "cat /etc/hosts")} | ${HOSTLESS}
    docker run -d --name cmp-db --hostname dbhost cmpbox sleep 1000 >/dev/null
    ${run("--link cmp-db:database --link cmp-db", "cut -f 2 /etc/hosts | sort")}
    docker rm -f cmp-db; docker network rm cmp-names cmp-inner`,
  "name-look-ups": `
    docker network create cmp-names >/dev/null
    docker network create cmp-others >/dev/null
    docker run -d --name cmp-web --hostname webhost --network cmp-names --network-alias svc --network-alias www cmpbox sleep 1000 >/dev/null
    docker run -d --name cmp-db --network cmp-others cmpbox sleep 1000 >/dev/null
    docker run -d --name cmp-client --dns 127.0.0.11 --network cmp-names --network-alias svc --link cmp-web:linked cmpbox sleep 1000 >/dev/null
    ${lookUp("cmp-client", "cmp-web", "CMP-WEB", "webhost", "www", "linked", "cmp-web.cmp-names", "cmp-web.CMP-NAMES", "cmp-db", "nobody.invalid")}
    docker exec cmp-client nslookup svc | grep -c 'Address: 172'
    docker exec cmp-client nslookup -type=aaaa cmp-web | grep -c 'Address: 172'
    docker inspect -f '{{json (index .NetworkSettings.Networks "cmp-names").DNSNames}}' cmp-web cmp-client
    docker network connect --alias late cmp-names cmp-db
    ${lookUp("cmp-client", "cmp-db", "late")}
    docker rename cmp-db cmp-data
    ${lookUp("cmp-client", "cmp-db", "cmp-data", "late")}
    docker network disconnect cmp-names cmp-data
    ${lookUp("cmp-client", "cmp-data", "late")}
    docker stop -t 0 cmp-web
    ${lookUp("cmp-client", "cmp-web")}
    docker start cmp-web
    ${lookUp("cmp-client", "cmp-web")}
    docker rm -f cmp-web cmp-data cmp-client; docker network rm cmp-names cmp-others`,
  "name-changes": `
    docker network create cmp-names >/dev/null
    docker network create cmp-others >/dev/null
    docker run -d --name cmp-late --hostname h1 cmpbox sleep 1000 >/dev/null
    docker network connect cmp-names cmp-late
    docker exec cmp-late cat /etc/resolv.conf /etc/hosts | ${HOSTLESS}
    docker exec cmp-late nslookup cmp-late | grep -c ^Name
    docker network connect cmp-others cmp-late
    docker exec cmp-late sh -c 'echo 192.0.2.9 mine >>/etc/hosts'
    docker network disconnect cmp-names cmp-late
    docker exec cmp-late cat /etc/hosts
    docker network disconnect cmp-others cmp-late
    docker exec cmp-late sh -c 'cat /etc/resolv.conf /etc/hosts; nslookup cmp-late | grep -c ^Name' | ${HOSTLESS}
    docker rm -f cmp-late
    docker run -d --name cmp-own --hostname h1 cmpbox sleep 1000 >/dev/null
    docker exec cmp-own sh -c 'echo nameserver 192.0.2.1 >/etc/resolv.conf'
    docker network connect cmp-names cmp-own
    docker exec cmp-own cat /etc/resolv.conf
    docker restart -t 0 cmp-own; docker exec cmp-own grep ^nameserver /etc/resolv.conf
    docker rm -f cmp-own; docker network rm cmp-names cmp-others`,
  "name-shared": `
    docker network create cmp-names >/dev/null
    docker run -d --name cmp-peer --hostname peerhost --network cmp-names --add-host a.test:192.0.2.7 cmpbox sleep 1000 >/dev/null
    docker run -d --name cmp-joined --network container:cmp-peer cmpbox sleep 1000 >/dev/null
    docker exec cmp-joined sh -c 'hostname; cat /etc/hosts /etc/hostname; nslookup cmp-peer | grep -c ^Name'
    docker inspect -f '{{.Config.Hostname}} {{json .NetworkSettings.Networks}}' cmp-joined
    docker exec cmp-joined sh -c 'echo 192.0.2.8 both >>/etc/hosts'; docker exec cmp-peer grep both /etc/hosts
    docker network connect cmp-names cmp-joined; echo "exit code $?"
    docker run --rm --network container:cmp-peer --dns 192.0.2.1 cmpbox true; echo "exit code $?"
    docker run --rm --network container:cmp-peer --link cmp-peer cmpbox true; echo "exit code $?"
    docker rm -f cmp-joined cmp-peer; docker network rm cmp-names`,
};
