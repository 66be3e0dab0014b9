/** A day with registries: `$R` is one that everybody may use, `$A` one that knows only ann, whose password is "secret". */

/** Names of registries differ each time; Docker tells of verifying when it finds the time. */
const masked = (script: string): string => `
  { ${script}
  } 2>&1 | sed -e "s/$R/<registry>/g" -e "s/$A/<guarded>/g" -e "/Verifying Checksum/d"`;

/** An image of one small layer that nothing else has. */
const MADE =
  "echo made-$$ >/tmp/cmp-$$; tar -C /tmp -c cmp-$$ | docker import - $R/cmp/made:1 >/dev/null; rm /tmp/cmp-$$";

export const REGISTRY_SCRIPTS: Readonly<Record<string, string>> = {
  "registry-push": masked(`
    ${MADE}
    docker tag $R/cmp/made:1 $R/cmp/other:1
    docker push $R/cmp/made:1
    docker push $R/cmp/made:1
    docker push $R/cmp/other:1
    docker push -q $R/cmp/made:1
    docker push -a $R/cmp/made
    docker push $R/cmp/made; echo "latest: $?"
    docker push $R/cmp/nosuch:1; echo "nosuch: $?"
    docker push $R/cmp/made@sha256:4a1d2a779e86891d864c2437a3cbcd84116bce944ee50f884283e73218356dd0; echo "digest: $?"
    docker push -a $R/cmp/made:1; echo "all: $?"
    docker images --digests --format '{{.Repository}} {{.Tag}} {{.Digest}}' --filter reference="$R/cmp/*" | sort
    docker rmi $R/cmp/other:1 $R/cmp/made:1`),
  "registry-pull": masked(`
    ${MADE}
    docker push -q $R/cmp/made:1
    digest=$(docker image inspect -f '{{index .RepoDigests 0}}' $R/cmp/made:1 | cut -d @ -f 2)
    docker rmi $R/cmp/made:1 >/dev/null
    docker pull $R/cmp/made:1
    docker pull $R/cmp/made:1
    docker pull -q $R/cmp/made:1
    docker image inspect -f '{{json .RepoTags}} {{json .RepoDigests}} {{len .RootFS.Layers}}' $R/cmp/made:1
    docker rmi $R/cmp/made:1 >/dev/null
    docker pull $R/cmp/made@$digest
    docker image inspect -f '{{json .RepoTags}}' $R/cmp/made@$digest
    docker pull $R/cmp/made:1@$digest
    docker rmi $R/cmp/made@$digest
    docker pull --platform linux/arm64 $R/cmp/made:1
    docker rmi $R/cmp/made:1 >/dev/null
    docker pull --platform linux/a/b/c $R/cmp/made:1; echo "platform: $?"
    docker pull $R/cmp/made; echo "latest: $?"
    docker pull $R/cmp/made:nosuch; echo "tag: $?"
    docker pull $R/cmp/nosuch:1; echo "name: $?"
    docker pull -a $R/cmp/made
    docker pull -a $R/cmp/nosuch; echo "all: $?"
    docker pull $R/cmp/made@sha256:4a1d2a779e86891d864c2437a3cbcd84116bce944ee50f884283e73218356dd0; echo "digest: $?"
    docker pull 127.0.0.1:1/cmp/made:1; echo "nobody: $?"
    docker pull $R/CMP/made; echo "name: $?"
    docker rmi $R/cmp/made:1 >/dev/null; docker create --pull always --name cmp-pulled $R/cmp/made:1 x | grep -v "^.\\{64\\}$"; docker rm cmp-pulled
    docker rmi $R/cmp/made:1 >/dev/null; docker create --name cmp-pulled $R/cmp/made:1 x >/dev/null; docker rm cmp-pulled
    docker rmi $R/cmp/made:1 >/dev/null`),
  "registry-login": masked(`
    docker tag cmpbox $A/cmp/a:1
    docker push $A/cmp/a:1; echo "push: $?"
    docker pull $A/cmp/a:1; echo "pull: $?"
    echo wrong | docker login -u ann --password-stdin $A; echo "wrong: $?"
    echo secret | docker login -u ann --password-stdin $A 2>/dev/null; echo "right: $?"
    docker login $A 2>/dev/null
    docker push $A/cmp/a:1 | tail -n 1
    docker pull $A/cmp/a:1 | tail -n 2
    docker logout $A
    docker pull $A/cmp/a:1; echo "pull: $?"
    docker login -u ann $A </dev/null; echo "no terminal: $?"
    echo x | docker login -u ann --password-stdin 127.0.0.1:1; echo "nobody: $?"
    docker rmi $A/cmp/a:1`),
  "registry-lists": masked(`
    ${MADE}
    docker tag $R/cmp/made:1 $R/cmp/a:1; docker tag cmpbox $R/cmp/b:1
    docker push -q $R/cmp/a:1; docker push -q $R/cmp/b:1
    docker manifest create --insecure $R/cmp/all:1 $R/cmp/a:1 $R/cmp/b:1
    docker manifest annotate --arch arm64 --variant v8 $R/cmp/all:1 $R/cmp/b:1
    docker manifest push --insecure -p $R/cmp/all:1
    docker rmi $R/cmp/a:1 $R/cmp/b:1 $R/cmp/made:1 >/dev/null
    docker pull $R/cmp/all:1 | grep -v fs.layer
    docker image inspect -f '{{len .RootFS.Layers}} {{.Architecture}} {{json .RepoTags}}' $R/cmp/all:1
    docker pull --platform linux/s390x $R/cmp/all:1; echo "platform: $?"
    docker buildx imagetools inspect --raw $R/cmp/all:1 >/dev/null 2>&1
    docker rmi $R/cmp/all:1 >/dev/null`),
  "registry-events": masked(`
    since=$(date +%s.%N)
    ${MADE}
    docker push -q $R/cmp/made:1 >/dev/null; docker rmi $R/cmp/made:1 >/dev/null; docker pull -q $R/cmp/made:1 >/dev/null
    docker rmi $R/cmp/made:1 >/dev/null
    docker events --since $since --until $(date +%s.%N) --filter type=image --filter event=push --filter event=pull --format '{{.Action}} {{.Actor.ID}} {{.Actor.Attributes.name}}'`),
  "registry-search": masked(`
    docker search $R/x; echo "none: $?"
    docker search --limit 300 x; echo "limit: $?"
    docker search --filter foo=x x; echo "filter: $?"`),
};
