#!/bin/sh
# `npm start`: sets the machine up, starts the engine if none runs, and runs a first container from the embedded image.
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
"$home/tare" run --rm busybox sh -c 'echo "Hello from a container: $(hostname), $(uname -sr), $(ls / | wc -l) entries in /"'
host=${TARE_HOST:-unix://${TARE_RUN:-/run/tare}/tare.sock}
cat <<END

That was tare run --rm busybox ... in a container of its own. To try next:

  ./tare run -it --rm busybox sh          a shell in a new container
  ./tare run -d --name web busybox httpd -f -p 8000
  ./tare exec web ps                      look inside it
  ./tare ps                               what runs; also logs, stop, rm, events
  ./tare build -t app .                   an image from a Dockerfile
  docker -H $host ps
                                          the same with the docker client
  ./tare doctor                           what this machine has and lacks
END
