#!/usr/bin/env bash
# A zone has two instances of a type left. A controller has to take another zone or type.
. "$(dirname "$0")/lib.sh"
new_account
# run asks for some instances in the zone of a VSwitch.
run() {
  printf '%s instances in %s: ' "$2" "$1"
  api RunInstances --InstanceType ecs.g6.large --ImageId ubuntu_22_04_x64_20G_alibase_20260213.vhd \
    --SecurityGroupId sg-main --VSwitchId "$1" --Amount "$2" | sed 's/.*-> //'
}

step "Two instances of ecs.g6.large are left in the zone of vsw-h."
enisim stock add --account "$ACCOUNT" --zone cn-hangzhou-h --instance-type ecs.g6.large --left 2 >/dev/null
run vsw-h 1
run vsw-h 2
run vsw-h 1
run vsw-h 1

step "The other zone has more."
run vsw-i 1
