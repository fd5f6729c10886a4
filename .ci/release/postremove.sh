#!/bin/sh
# After a removal. The worlds in /var/lib/enisim and their user stay, because nothing else has them.
set -e

if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
fi
