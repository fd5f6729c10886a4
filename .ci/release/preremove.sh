#!/bin/sh
# Before a removal, but not before an upgrade: dpkg then says "upgrade", and rpm 1.
set -e

case "${1:-}" in
remove | 0)
  if [ -d /run/systemd/system ]; then
    systemctl disable --now enisim.service
  fi
  ;;
esac
