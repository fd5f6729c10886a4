#!/usr/bin/env bash
# An attach and a detach get stuck. A stuck interface keeps its slot of the instance, until an operator releases it.
. "$(dirname "$0")/lib.sh"
new_account
attach() { api AttachNetworkInterface --InstanceId "$1" --NetworkInterfaceId "$2"; }

step "The attach of eni-free-1 never ends, and neither does any detach."
enisim lifecycle add --account "$ACCOUNT" --transition Attaching --resource eni-free-1 --never >/dev/null
enisim lifecycle add --account "$ACCOUNT" --transition Detaching --never >/dev/null
attach i-web eni-free-1
interfaces --NetworkInterfaceId.1 eni-free-1

step "i-web has one slot for a secondary interface. The stuck one keeps it."
attach i-web eni-free-2

step "Nor can it be detached."
api DetachNetworkInterface --InstanceId i-web --NetworkInterfaceId eni-free-1

step "An operator releases it. Then the detach gets stuck, and the slot is still taken."
enisim lifecycle release eni-free-1 --account "$ACCOUNT"
api DetachNetworkInterface --InstanceId i-web --NetworkInterfaceId eni-free-1
interfaces --NetworkInterfaceId.1 eni-free-1
attach i-web eni-free-2

step "Released again, the interface is Available, and the slot is free."
enisim lifecycle release eni-free-1 --account "$ACCOUNT"
attach i-web eni-free-2
