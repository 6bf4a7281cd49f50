#!/usr/bin/env bash
# Runs a command where Podman works on machines like CI's: a private mount namespace with cgroup v2, and an image
# localhost/debian:bookworm, made of Debian's packages. Users need none of this: their Podman works as it is.
# usage, as root: test/podman/with-podman.sh COMMAND [ARG...]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v podman > /dev/null || ! command -v mmdebstrap > /dev/null || ! command -v iptables > /dev/null; then
  apt-get update -qq
  apt-get install --yes -qq --no-install-recommends \
    podman crun buildah fuse-overlayfs uidmap netavark iptables mmdebstrap > /dev/null
fi
if ! podman image exists localhost/debian:bookworm; then
  base=$(mktemp --suffix .tar)
  mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$base"
  podman import -q "$base" localhost/debian:bookworm > /dev/null
  rm -f "$base"
fi
export CONTAINERS_CONF=$here/containers.conf BUILDAH_ISOLATION=chroot
export TASKYARD_TEST_PODMAN=1 TASKYARD_RUNNER_IMAGE=localhost/debian:bookworm
exec unshare -m bash -c 'umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec "$@"' with-podman "$@"
