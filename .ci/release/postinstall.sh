#!/bin/sh
# After the installation or an upgrade, of the .deb and of the .rpm.
set -e

getent group enisim >/dev/null || groupadd --system enisim
getent passwd enisim >/dev/null ||
  useradd --system --gid enisim --home-dir /var/lib/enisim --no-create-home --shell /usr/sbin/nologin --comment 'enisim server' enisim
[ -d /var/lib/enisim ] || install --directory --owner enisim --group enisim --mode 0750 /var/lib/enisim

# The service is not started before it was configured. One that runs takes the new version.
if [ -d /run/systemd/system ]; then
  systemctl daemon-reload
  systemctl try-restart enisim.service
fi
