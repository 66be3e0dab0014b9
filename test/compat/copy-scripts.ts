/**
 * Copies in and out of containers as shell scripts, for the docker client and for our own command line. Every line shows what it made
 * and its exit code; the directory that it works in is called HERE.
 */

/** Runs lines in a directory of its own, beside a container `cmp-cp`, running or not. */
const inDirectory = (lines: string): string => `
  dir=$(mktemp -d /tmp/cmp-cp.XXXXXX) && cd "$dir" || exit 9
  local_tree() { find "$1" -printf '%p %y %m %s %l\\n' | sed 's/ d \\([0-9]*\\) [0-9]*/ d \\1/' | sort; }
  inside() { docker exec cmp-cp sh -c "find $1 | sort | xargs stat -c '%A %u:%g %N'"; }
  try() { echo "\\$ cp $*"; docker cp "$@"; echo "=> $?"; }
  {
  ${lines}
  } 2>&1 | sed "s,$dir,HERE,g; /level=error msg=.*closed pipe/d"
  docker rm -fv cmp-cp >/dev/null
  rm -rf "$dir"`;

const MAKE_LOCAL = `
  mkdir -p src/deep src/empty; echo one >src/f; echo two >src/deep/g; ln -s deep/g src/l; ln src/f src/hard
  chmod 600 src/f; chmod 2755 src/deep; echo file >file; ln -s src link; ln -s nowhere broken; chmod 4755 file`;

const START = `docker run -d --network none --name cmp-cp -v /vol cmpbox sleep 600 >/dev/null`;

const FILL = `
  docker exec cmp-cp sh -c 'mkdir -p /t/d/e; echo hi >/t/d/f; ln -s d /t/l; ln -s /t/d/f /t/lf; ln -s nowhere /t/broken; ln /t/d/f /t/d/hard;
    mkfifo /t/p; chmod 4755 /t/d/f; touch "/t/a b"; echo volume >/vol/v'`;

export const COPY_SCRIPTS: Readonly<Record<string, string>> = {
  "cp-in": inDirectory(`
    ${START}; ${MAKE_LOCAL}
    try file cmp-cp:/a1; inside /a1
    try file cmp-cp:/tmp; inside /tmp
    try file cmp-cp:/tmp/; try file cmp-cp:tmp/renamed; inside /tmp
    try file cmp-cp:/tmp/new/
    try file cmp-cp:/nosuch/x
    try src cmp-cp:/b1; inside /b1
    try src cmp-cp:/b1; inside /b1
    try src/ cmp-cp:/b2; inside /b2
    try src/. cmp-cp:/b3; inside /b3
    try src/. cmp-cp:/b3; inside /b3
    try src cmp-cp:/a1
    try link cmp-cp:/c1; inside /c1
    try link/ cmp-cp:/c2; inside /c2
    try -L link cmp-cp:/c3; inside /c3
    try broken cmp-cp:/c4; inside /c4
    try -L broken cmp-cp:/c5
    try -q file cmp-cp:/vol/; docker exec cmp-cp ls /vol
    try -a src cmp-cp:/d1; inside /d1
    try missing cmp-cp:/
    try file nosuch:/
    try file cmp-cp:
    docker exec cmp-cp ln -s /tmp /to-tmp; try file cmp-cp:/to-tmp; try file cmp-cp:/to-tmp/under; inside /tmp
    docker exec cmp-cp ln -s /made /to-nothing; try file cmp-cp:/to-nothing; inside /made
    docker exec cmp-cp mkdir -p /x/file; try file cmp-cp:/x; docker exec cmp-cp sh -c 'rm -r /x/file; touch /x/src'; try src cmp-cp:/x
    try file cmp-cp:/etc/hosts
    tar -cf - src | docker cp - cmp-cp:/e1; echo "=> $?"
    docker exec cmp-cp mkdir /e2; tar -cf - src | docker cp - cmp-cp:/e2; inside /e2
    tar -czf - src | docker cp - cmp-cp:/e2; echo "=> $?"
    echo garbage | docker cp - cmp-cp:/e2; echo "=> $?"
    tar -cf - file | docker cp - cmp-cp:/a1; echo "=> $?"`),
  "cp-out": inDirectory(`
    ${START}; ${FILL}; echo mine >mine; mkdir there
    try cmp-cp:/t/d/f a1; local_tree a1
    try cmp-cp:/t/d/f there; local_tree there
    try cmp-cp:/t/d/f there/renamed; try cmp-cp:/t/d/f new/
    try cmp-cp:/t/d/f nosuch/x
    try cmp-cp:/t/d/f mine; local_tree mine
    try cmp-cp:/t/d b1; local_tree b1
    try cmp-cp:/t/d b1; local_tree b1
    try cmp-cp:/t/d/. b2; local_tree b2
    try cmp-cp:/t/d/. b2; local_tree b2
    try cmp-cp:/t/d/ b3; local_tree b3
    try cmp-cp:/t/d mine
    try cmp-cp:/t/l c1; local_tree c1
    try cmp-cp:/t/l/ c2; local_tree c2
    try -L cmp-cp:/t/l c3; local_tree c3
    try -L cmp-cp:/t/lf c4; local_tree c4
    try -L cmp-cp:/t/broken c5
    try cmp-cp:/t/broken c6; local_tree c6
    try cmp-cp:/t/p d1; local_tree d1
    try "cmp-cp:/t/a b" d2; local_tree d2
    try cmp-cp:/vol e1; local_tree e1
    try cmp-cp:../../t/d/f e2; try cmp-cp:t/d/f e3; local_tree e3
    try cmp-cp:/t/d/f/ f1; try cmp-cp:/t/d/f/x f2; try cmp-cp:/nosuch f3; try cmp-cp: f4
    try cmp-cp:/proc g1; local_tree g1
    try cmp-cp:/proc/1 g2
    ln -s there to-there; try cmp-cp:/t/d/f to-there; local_tree there
    ln -s made to-nothing; try cmp-cp:/t/d/f to-nothing; local_tree made
    mkdir h; touch h/d; try cmp-cp:/t/d h
    try cmp-cp:/t/d/f /dev/null
    docker cp cmp-cp:/t/d - | tar -t; docker cp cmp-cp:/t/d/. - | tar -t; docker cp cmp-cp:/t/d/f - | tar -t; docker cp cmp-cp:/nosuch -; echo "=> $?"
    docker cp cmp-cp:/ - | tar -tP | grep -c '^/etc/passwd$'
    try a b; try cmp-cp:/a cmp-cp:/b; try nosuch:/a x; try '' x; try ./a:b x`),
  "cp-stopped": inDirectory(`
    docker create --network none --name cmp-cp -v /vol cmpbox sh -c 'cat /put /vol/put; test -x /tree/deep' >/dev/null
    ${MAKE_LOCAL}
    try file cmp-cp:/put; try file cmp-cp:/vol/put; try src cmp-cp:/tree
    try cmp-cp:/put out; try cmp-cp:/vol/put out2; cat out out2
    docker start -a cmp-cp; echo "ran: $?"
    docker diff cmp-cp | sort
    try cmp-cp:/tree out4; local_tree out4
    docker inspect -f '{{.State.Status}}' cmp-cp`),
  "cp-read-only": inDirectory(`
    docker run -d --network none --name cmp-cp --read-only -v /vol cmpbox sleep 600 >/dev/null; ${MAKE_LOCAL}
    try file cmp-cp:/x; try file cmp-cp:/vol/x; try cmp-cp:/vol/x out; local_tree out; try cmp-cp:/etc/passwd out2; wc -l <out2`),
  "cp-owner": inDirectory(`
    docker run -d --network none --name cmp-cp -u 1000:2000 cmpbox sleep 600 >/dev/null; ${MAKE_LOCAL}; chown 77:88 file
    try file cmp-cp:/tmp/plain; try -a file cmp-cp:/tmp/archive; try -a src cmp-cp:/tmp/tree; inside '/tmp/plain /tmp/archive /tmp/tree'
    try -a cmp-cp:/tmp/archive out; stat -c '%u:%g' out`),
  "diff-export": inDirectory(`
    docker run -d --network none --name cmp-cp -v /vol --tmpfs /tm cmpbox sleep 600 >/dev/null
    docker diff cmp-cp | sort
    docker exec cmp-cp sh -c 'mkdir -p /new/deep; touch /new/deep/f /vol/x /tm/y; rm /bin/arch; echo x >>/etc/group; chmod 600 /etc/passwd;
      mv /home /house; touch /tmp/gone; rm /tmp/gone; mkfifo /new/p; ln -s x /new/l'
    docker diff cmp-cp | sort
    docker stop -t 0 cmp-cp; docker diff cmp-cp | sort
    docker export cmp-cp | tar -tv | awk '{print $1, $6, $7, $8}' | grep -v -e ' bin/' -e ' etc/' -e ' vol/' -e ' tm/' | sort
    docker export -o out.tar cmp-cp; echo "=> $?"; tar -tf out.tar | grep -c '^new/deep/f$'
    docker export -o /nosuch/x cmp-cp; echo "=> $?"
    docker export nosuch; echo "=> $?"; docker diff nosuch; echo "=> $?"; docker diff ''; echo "=> $?"`),
};
