#!/usr/bin/env bash
# A burst of calls is throttled. A controller that reads the headers knows when to go on.
. "$(dirname "$0")/lib.sh"
new_account
burst() { for _ in 1 2 3 4; do api DescribeNetworkInterfaces --NetworkInterfaceId.1 eni-free-1; done; }

step "The account may list interfaces twice at once, and then once in a quarter of an hour."
enisim throttle set --account "$ACCOUNT" --action DescribeNetworkInterfaces --per-second 0.001 --burst 2 --answer Throttling.User >/dev/null
burst

step "Other actions are not throttled, and neither is another account."
api DescribeInstances
ENISIM_ACCESS_KEY_ID=LTAIquickstart000001 ENISIM_ACCESS_KEY_SECRET=quickstart-secret burst

step "What the throttle did:"
enisim throttle show --account "$ACCOUNT" | tail -n 1
