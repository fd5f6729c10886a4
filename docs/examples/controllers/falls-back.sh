#!/usr/bin/env bash
# An attach is accepted, and falls back to Available. A controller that waits only for InUse waits for ever.
. "$(dirname "$0")/lib.sh"
new_account
attach() { api AttachNetworkInterface --InstanceId i-web --NetworkInterfaceId eni-free-1; }
status() { interfaces --NetworkInterfaceId.1 eni-free-1; }
# later moves the account's time on, so that nothing here depends on how fast the machine is.
later() { enisim clock advance "$1" --account "$ACCOUNT" >/dev/null; }

step "Every attach takes a minute, and then fails."
enisim clock freeze --account "$ACCOUNT" >/dev/null
enisim lifecycle add --account "$ACCOUNT" --transition Attaching --fixed 1m --fails 1 >/dev/null
attach
status
later 1m
status

step "Without the lifecycle, the repeated attach succeeds: the slot was free again."
enisim lifecycle reset --account "$ACCOUNT" >/dev/null
attach
later 1m
status
