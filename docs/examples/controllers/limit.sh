#!/usr/bin/env bash
# A limit is met in the middle of a reconcile. The next round finds half of the work done.
. "$(dirname "$0")/lib.sh"
new_account

# reconcile attaches each of two interfaces that is still free.
reconcile() {
  for eni in eni-free-1 eni-free-2; do
    if interfaces --NetworkInterfaceId.1 "$eni" | grep -q Available; then
      api AttachNetworkInterface --InstanceId i-db --NetworkInterfaceId "$eni"
    fi
  done
}

step "The second attach is refused, as if the instance were full."
fault --action AttachNetworkInterface --resource i-db --from 2 --to 2 --answer EniPerInstanceLimitExceeded >/dev/null
reconcile

step "The next round attaches what is left, and nothing twice."
reconcile
counts
