#!/usr/bin/env bash
# A test steps through the statuses of an attach without waiting: the account's time stands still until it is moved on.
. "$(dirname "$0")/lib.sh"
new_account
tick() { enisim clock advance "$1" --account "$ACCOUNT" >/dev/null; }

step "The clock is frozen, and an attach takes ten minutes."
enisim clock freeze --account "$ACCOUNT" >/dev/null
enisim lifecycle add --account "$ACCOUNT" --transition Attaching --fixed 10m >/dev/null
api AttachNetworkInterface --InstanceId i-web --NetworkInterfaceId eni-free-1

step "Nine minutes and 59 seconds later it is still Attaching, and a second later InUse."
tick 9m59s
interfaces --NetworkInterfaceId.1 eni-free-1
tick 1s
interfaces --NetworkInterfaceId.1 eni-free-1

step "A ClientToken is forgotten after a day."
create() { api CreateNetworkInterface --VSwitchId vsw-h --SecurityGroupId sg-main --NetworkInterfaceName node --ClientToken t-1; }
create
create
interfaces --NetworkInterfaceName node | sed 's/eni-[0-9a-z]*/eni/'
tick 25h
create
interfaces --NetworkInterfaceName node | sed 's/eni-[0-9a-z]*/eni/'
