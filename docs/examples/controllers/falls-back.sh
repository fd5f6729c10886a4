#!/usr/bin/env bash
# An attach is accepted, and falls back to Available. A controller that waits only for InUse waits for ever.
. "$(dirname "$0")/lib.sh"
new_account
attach() { api AttachNetworkInterface --InstanceId i-web --NetworkInterfaceId eni-free-1; }
status() { enisim call DescribeNetworkInterfaces --RegionId cn-hangzhou --NetworkInterfaceId.1 eni-free-1 |
  jq -r '.NetworkInterfaceSets.NetworkInterfaceSet[0].Status'; }
# settle waits until the interface is no longer Attaching.
settle() { while [ "$(status)" = Attaching ]; do sleep 0.2; done; }

step "Every attach takes a second, and then fails."
enisim lifecycle add --account "$ACCOUNT" --transition Attaching --fixed 1s --fails 1 >/dev/null
attach
status
settle
status

step "Without the lifecycle, the repeated attach succeeds: the slot was free again."
enisim lifecycle reset --account "$ACCOUNT" >/dev/null
attach
settle
status
