/** Volumes and mounts with the docker client, as shell scripts in the manner of scripts.ts. */

export const VOLUME_SCRIPTS: Readonly<Record<string, string>> = {
  volumes: `
    docker volume create cmp-vol
    docker volume create cmp-vol; echo "again: $?"
    docker volume create --label k=v -o type=tmpfs -o device=tmpfs -o o=size=1m cmp-opt
    docker volume inspect -f '{{.Name}} {{.Driver}} {{.Scope}} {{.Labels}} {{.Options}}' cmp-vol cmp-opt
    docker volume ls --filter name=cmp- --format '{{.Name}} {{.Driver}} {{.Labels}}'
    docker volume ls --filter name=cmp- --filter label=k
    docker volume ls -q --filter name=cmp-v
    docker volume inspect nosuch; echo "inspect: $?"
    docker volume rm cmp-vol nosuch cmp-opt; echo "rm: $?"
    docker volume rm -f nosuch; echo "forced: $?"
    docker volume create -o nosuch=1 cmp-bad; docker volume create 'cmp bad'; docker volume create x; docker volume create -d nosuch cmp-bad
    docker volume create a b; docker volume update nosuch; docker volume ls --filter nosuch=1`,
  "volume-data": `
    docker run --rm --network none -v cmp-vol:/etc cmpbox sh -c 'ls /etc | grep -v mtab; echo mine >/etc/mine'
    docker run --rm --network none -v cmp-vol:/v:ro cmpbox sh -c 'cat /v/mine; touch /v/x'
    docker run --rm --network none -v cmp-bare:/etc:nocopy cmpbox ls -A /etc | grep -v -E 'hosts|hostname|resolv.conf|mtab'
    docker run --rm --network none -v cmp-home:/home -u app cmpbox stat -c '%a %u' /home
    docker create --name cmp-uses -v cmp-vol:/a -v /b --mount type=volume,src=cmp-bare,dst=/c,readonly --mount type=bind,src=/etc/hosts,dst=/d,readonly --tmpfs /e cmpbox >/dev/null
    docker inspect -f '{{range .Mounts}}{{.Type}} {{.Destination}} {{.Mode}} {{.RW}} {{.Propagation}} {{.Driver}}{{println}}{{end}}' cmp-uses | sort
    docker inspect -f '{{.HostConfig.Binds}} {{.Config.Volumes}}' cmp-uses
    docker ps -a --filter volume=cmp-vol --format '{{.Names}} {{.LocalVolumes}}'
    docker ps -a --filter volume=/c --format '{{.Names}}'
    docker volume ls -q --filter name=cmp- --filter dangling=true
    docker volume rm cmp-vol 2>&1 | sed 's/\\[.*\\]//'; docker volume rm -f cmp-vol >/dev/null 2>&1; echo "forced: $?"
    docker run --rm --network none --volumes-from cmp-uses cmpbox sh -c 'cat /a/mine; touch /c/x; mount | grep -c -E " on /(a|b|c|d|e) "'
    docker run --rm --network none --volumes-from cmp-uses:ro cmpbox touch /a/x
    docker run --rm --network none --volumes-from nosuch cmpbox true; docker run --rm --network none --volumes-from cmp-uses:bad cmpbox true
    docker rm -v cmp-uses
    docker volume ls -q --filter name=cmp-
    docker volume rm cmp-vol cmp-bare cmp-home`,
  "volume-mounts": `
    docker run --rm --network none -v cmp-vol:/v cmpbox sh -c 'mkdir -p /v/a/b; echo hi >/v/a/b/f; ln -s a /v/in; ln -s /etc /v/out'
    at() { docker run --rm --network none --mount "type=volume,src=cmp-vol,dst=/x,volume-subpath=$1" cmpbox sh -c 'ls /x'; }
    at a/b; at in; at a/../a
    at out 2>&1 | sed 's/base: .*,/base: …,/'
    at ../etc; at /etc
    docker run --rm --network none --mount type=volume,dst=/x,volume-subpath=a cmpbox true
    docker run --rm --network none --mount type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=0750 cmpbox sh -c 'stat -c %a /t; df -k /t | tail -n 1 | tr -s " " | cut -d " " -f 2'
    docker run --rm --network none --mount type=tmpfs,dst=/t,readonly cmpbox touch /t/x
    docker run --rm --network none --mount type=bind,src=/nosuch,dst=/x cmpbox true
    docker run --rm --network none --mount type=bind,dst=/x cmpbox true
    docker run --rm --network none -v cmp-vol:relative cmpbox true
    docker run --rm --network none -v cmp-vol:/ cmpbox true
    docker run --rm --network none -v cmp-vol:/v:ro,rw cmpbox true
    docker run --rm --network none -v cmp-vol:/v:shared cmpbox true
    docker run --rm --network none -v cmp-vol:/v -v /tmp:/v/ cmpbox true
    docker run --rm --network none -v cmp-vol:/v:z,ro -v /tmp:/t:cached cmpbox true; echo "words: $?"
    docker run --rm --network none -v cmp-none:/etc/passwd cmpbox true 2>&1 | sed 's/source .*merged\\|source .*rootfs/source …/'
    docker volume create -o type=none -o o=bind -o device=/nosuch cmp-bad >/dev/null
    docker run --rm --network none -v cmp-bad:/x cmpbox true 2>&1 | sed "s#volume '.*'#volume#; s#/nosuch:.*,#/nosuch,#"
    docker volume rm cmp-vol cmp-bad cmp-none`,
  "volume-events": `
    since=$(date +%s.%N)
    docker volume create cmp-vol >/dev/null
    docker run --rm --network none -v cmp-vol:/v:ro cmpbox true
    docker volume rm cmp-vol >/dev/null
    docker events --since $since --until $(date +%s.%N) --filter volume=cmp-vol --format '{{.Type}} {{.Action}} {{.Actor.ID}} {{.Actor.Attributes.driver}} {{.Actor.Attributes.destination}} {{index .Actor.Attributes "read/write"}}'`,
};
