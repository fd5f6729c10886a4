#!/usr/bin/env bash
# An instance stops while an interface attaches to it. The attach goes on, and the interface stays on the stopped instance.
. "$(dirname "$0")/lib.sh"
new_account
both() {
  enisim call DescribeInstances --RegionId cn-hangzhou --InstanceIds '["i-app"]' | jq -r '.Instances.Instance[0] | "  i-app \(.Status)"'
  interfaces --NetworkInterfaceId.1 eni-free-1
}

step "The attach takes an hour, and the stop no time."
enisim lifecycle add --account "$ACCOUNT" --transition Attaching --fixed 1h >/dev/null
enisim lifecycle add --account "$ACCOUNT" --transition Stopping --fixed 0s >/dev/null
api AttachNetworkInterface --InstanceId i-app --NetworkInterfaceId eni-free-1
api StopInstance --InstanceId i-app
both

step "The attach ends on the stopped instance."
enisim lifecycle release eni-free-1 --account "$ACCOUNT"
both
