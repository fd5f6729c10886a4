#!/usr/bin/env bash
# A thousand nodes come up at once, against an account that is throttled. Calls that are throttled are repeated until the end.
. "$(dirname "$0")/lib.sh"
new_account docs/examples/controllers/nodes.yaml

step "The account may attach 200 interfaces at once, and then 50 a second."
enisim throttle set --account "$ACCOUNT" --action AttachNetworkInterface --per-second 50 --burst 200 >/dev/null

step "A thousand clients attach interfaces, 4000 calls in all."
enisim load --clients 1000 --requests 4000 --mix attach=1 --cell 1 --allow-unknown 2>/dev/null |
  awk '$1 == "AttachNetworkInterface" && $2 ~ /^[0-9]/ { ok = $(NF-2) }
    $1 == "AttachNetworkInterface" && $2 ~ /^Throttling/ { throttled = $3 }
    $1 == "AttachNetworkInterface" && $2 !~ /^([0-9]|Throttling)/ { other += $3 }
    END { print "attached: " ok + 0 ", throttled: " throttled + 0 ", other codes: " other + 0 }'

step "The throttle has counted each call, and each attach that was answered with 200 is there."
enisim throttle show --account "$ACCOUNT" | tail -n 1
enisim call DescribeNetworkInterfaces --RegionId cn-hangzhou --Type Secondary --PageSize 1 --Status InUse | jq -r '"InUse: \(.TotalCount)"'
