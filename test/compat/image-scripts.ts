/**
 * A working day with images, as shell scripts for the docker client. Each cleans up after itself, names its images and containers cmp-*
 * and looks at those only, so that it runs on a Docker that others use. `cmpbox` is the image that scripts.ts describes.
 */

/** An image of its own for a script, with a layer that no other has: what is shared with others would change what they see. */
const OWN_IMAGE = (name: string, ...changes: readonly string[]): string => {
  const flags = changes.map((change) => `-c '${change}'`).join(" ");
  return `tar -c -C / --transform s,.*,${name}, etc/hostname | docker import ${flags} - ${name} >/dev/null`;
};

export const IMAGE_SCRIPTS: Readonly<Record<string, string>> = {
  "image-save": `
    docker tag cmpbox cmp-save:1
    docker tag cmpbox cmp-save:2
    docker save cmp-save | tar -xO manifest.json | sed 's/"size":[0-9]*/"size":0/g'
    docker save cmp-save | tar -xO index.json | sed 's/"size":[0-9]*/"size":0/g'; echo
    docker save cmp-save:2 cmp-save:1 | tar -xO repositories
    docker save cmp-save:1 | tar -xO oci-layout; echo
    docker save $(docker images -q cmp-save:1) | tar -xO manifest.json | cut -d , -f 2
    docker save $(docker images -q cmp-save:1) | tar -xO repositories 2>/dev/null || echo "no names"
    docker save cmp-save:1 | tar -tv | sed -E 's/[0-9]{4}-.* //; s/ +/ /g' | grep -v blobs/sha256/. | cut -d ' ' -f 1,2
    docker save cmp-save:3; echo "tag: $?"
    docker save cmp-nosuch; echo "name: $?"
    docker save cmp-save:1 cmp-nosuch; echo "one of two: $?"
    docker save --platform linux/arm64 cmp-save:1; echo "platform: $?"
    docker save -o /nosuch/dir/x cmp-save:1; echo "directory: $?"
    docker save; echo "nothing: $?"
    docker rmi cmp-save:1 cmp-save:2`,
  "image-load": `
    dir=$(mktemp -d); cd $dir
    docker tag cmpbox cmp-load:1
    docker tag cmpbox cmp-load:2
    docker save cmp-load -o cmp-load.tar
    docker rmi cmp-load:1 cmp-load:2
    docker load -i cmp-load.tar
    docker load -q <cmp-load.tar
    gzip -k cmp-load.tar; docker load -i cmp-load.tar.gz
    docker load --platform linux/amd64 -i cmp-load.tar
    ${OWN_IMAGE("cmp-load:1")}; old=$(docker images -q cmp-load:1)
    docker load -i cmp-load.tar
    docker rmi $old | grep -c Deleted
    docker load -i nosuch.tar; echo "file: $?"
    printf 'not an archive' | docker load; echo "garbage: $?"
    docker rmi cmp-load:1 cmp-load:2
    rm -r $dir`,
  "image-commit": `
    docker run --name cmp-commit -e A=1 cmpbox sh -c 'echo hi >/new; rm /etc/group; mkdir /d; echo x >/d/x'
    docker commit -m message -a author -c 'ENV B=2' -c 'CMD ["cat", "/new"]' -c 'LABEL l=v' -c 'EXPOSE 80' cmp-commit cmp-commit:1
    docker image inspect -f '{{.Comment}} {{.Author}} {{json .Config.Env}} {{json .Config.Cmd}} {{json .Config.Labels}} {{json .Config.ExposedPorts}} {{len .RootFS.Layers}}' cmp-commit:1
    docker run --rm cmp-commit:1
    docker run --rm cmp-commit:1 sh -c 'cat /d/x; test -e /etc/group; echo $?; echo $A $B; ls -A /'
    docker history --format '{{.CreatedBy}} {{.Size}} {{.Comment}}' cmp-commit:1
    docker rmi $(docker commit cmp-commit) | cut -c 1-15; echo "unnamed: $?"
    docker commit -c 'RUN x' cmp-commit cmp-commit:2; echo "change: $?"
    docker commit cmp-commit CMP-bad; echo "name: $?"
    docker commit nosuch; echo "container: $?"
    docker rm cmp-commit
    docker create --name cmp-commit cmpbox true >/dev/null
    docker commit cmp-commit cmp-commit:same >/dev/null
    docker image inspect -f '{{len .RootFS.Layers}}' cmp-commit:same
    docker rm cmp-commit
    docker run -d --name cmp-commit cmpbox sleep 1000 >/dev/null
    docker commit cmp-commit cmp-commit:running >/dev/null
    docker rmi cmp-commit:running | grep -c Deleted
    docker commit --pause=false cmp-commit cmp-commit:running >/dev/null
    docker inspect -f '{{.State.Status}}' cmp-commit
    docker rm -f cmp-commit
    docker rmi cmp-commit:1 cmp-commit:same cmp-commit:running | grep -c Untagged`,
  "image-names": `
    ${OWN_IMAGE("cmp-names:1")}
    docker tag cmp-names:1 cmp-names:2
    docker tag cmp-names:1 cmp-other/names
    id=$(docker images -q --no-trunc cmp-names:1)
    docker images cmp-names --format '{{.Repository}}:{{.Tag}} {{.Digest}}'
    docker images 'cmp-*/names' --format '{{.Repository}}:{{.Tag}}'
    docker images -f reference='cmp-na*:1' --format '{{.Tag}}'
    docker image ls -q cmp-names | sort -u | wc -l
    docker rmi $(echo $id | cut -c 8-19); echo "several names: $?"
    docker rmi cmp-names:1
    docker rmi cmp-names:1; echo "again: $?"
    docker rmi -f cmp-names:1; echo "forced: $?"
    docker create --name cmp-names cmp-names:2 true >/dev/null
    docker rmi cmp-other/names
    docker rmi cmp-names:2; echo "in use: $?"
    docker rmi $id; echo "in use, by id: $?"
    docker rmi -f $id
    docker images -a --no-trunc -q | grep -c $id
    docker rm cmp-names
    docker rmi $id; echo "gone: $?"
    docker rmi; echo "nothing: $?"
    docker tag nosuch a; echo "source: $?"
    docker tag cmpbox sha256:x; echo "ambiguous: $?"
    docker tag cmpbox 'a b'; echo "space: $?"
    docker tag cmpbox aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; echo "an id: $?"`,
  "image-children": `
    ${OWN_IMAGE("cmp-child:base")}
    docker create --name cmp-child cmp-child:base x >/dev/null
    docker commit cmp-child cmp-child:top >/dev/null
    docker rm cmp-child
    docker rmi $(docker images -q cmp-child:base); echo "a parent: $?"
    docker rmi -f $(docker images -q cmp-child:base); echo "forced: $?"
    docker history --format '{{.ID}} {{.CreatedBy}} {{.Comment}}' cmp-child:top
    docker rmi cmp-child:base
    docker images -f dangling=true -q | grep -c $(docker image inspect -f '{{.Parent}}' cmp-child:top | cut -c 8-19)
    parent=$(docker image inspect -f '{{.Parent}}' cmp-child:top)
    docker rmi --no-prune cmp-child:top | grep -c Deleted
    docker rmi $parent | grep -c Deleted`,
  "image-prune": `
    ${OWN_IMAGE("cmp-prune:1", "LABEL cmp=prune")}
    ${OWN_IMAGE("cmp-prune:2", "LABEL cmp=prune other=1")}
    docker image prune -f --filter label=cmp=prune
    docker rmi cmp-prune:1 >/dev/null; ${OWN_IMAGE("cmp-prune:1", "LABEL cmp=prune kept=1")}
    docker create --name cmp-prune cmp-prune:1 x >/dev/null
    docker image prune -af --filter label=cmp=prune --filter 'label!=kept' --filter until=1h
    docker image prune -af --filter label=cmp=prune --filter 'label!=kept' | grep -v reclaimed
    docker images cmp-prune --format '{{.Tag}}'
    docker image prune -af --filter label=cmp=prune
    docker rm cmp-prune
    docker image prune -af --filter label=cmp=prune | grep -v reclaimed
    docker image prune -f --filter nosuch=1; echo "filter: $?"
    docker image prune -f --filter until=x; echo "until: $?"
    echo n | docker image prune; echo; echo "asked: $?"
    echo n | docker system prune -a --volumes; echo; echo "asked: $?"`,
  "image-inspect": `
    ${OWN_IMAGE("cmp-inspect:1", 'CMD ["a"]', "ENV A=1 B=2", "LABEL l=v", "WORKDIR /w", "USER u", "VOLUME /v", "STOPSIGNAL INT", "EXPOSE 1/udp", "HEALTHCHECK --interval=5s CMD true", "ONBUILD RUN x")}
    docker image inspect -f '{{json .Config}}' cmp-inspect:1
    docker image inspect -f '{{json .RootFS.Type}} {{.Os}} {{.Architecture}} {{.Comment}} {{json .RepoTags}} {{json .RepoDigests}} {{.Author}}.' cmp-inspect:1
    docker image inspect --platform linux/arm64 cmp-inspect:1; echo "platform: $?"
    docker image inspect --platform linux/amd64 -f '{{.Os}}' cmp-inspect:1
    docker history --platform linux/arm64 cmp-inspect:1; echo "history: $?"
    docker history --format '{{.Comment}} {{.Size}}' cmp-inspect:1
    docker rmi --platform linux/arm64 cmp-inspect:1; echo "rmi: $?"
    docker image inspect nosuch cmp-inspect:1 -f '{{.Os}}'; echo "one of two: $?"
    docker image inspect 'A b'; echo "name: $?"
    docker images -f nosuch=1; echo "filter: $?"
    docker images -f dangling=maybe; echo "dangling: $?"
    docker images -f before=nosuch; echo "before: $?"
    docker images -f reference='[x'; echo "pattern: $?"
    docker images -f label=l=v --format '{{.Repository}}'
    docker rmi cmp-inspect:1 | grep -c Deleted`,
  "image-events": `
    since=$(date +%s.%N)
    ${OWN_IMAGE("cmp-events:1", "LABEL cmp=events")}
    docker tag cmp-events:1 cmp-events:2
    docker save cmp-events:1 | docker load >/dev/null
    docker create --name cmp-events cmp-events:1 x >/dev/null
    docker commit cmp-events cmp-events:3 >/dev/null
    docker rm cmp-events >/dev/null
    docker rmi cmp-events:3 cmp-events:2 cmp-events:1 >/dev/null
    docker events --since $since --until $(date +%s.%N) --filter type=image --filter label=cmp=events --format '{{.Action}} {{.Actor.Attributes.name}}'`,
};
