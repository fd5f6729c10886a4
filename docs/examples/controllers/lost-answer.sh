#!/usr/bin/env bash
# An answer is lost after the commit. A controller that repeats its call leaks an interface, unless it sends a ClientToken.
. "$(dirname "$0")/lib.sh"
new_account

# The interfaces of a name, without their ids, which are random.
named() { interfaces --NetworkInterfaceName "$1" | sed 's/eni-[0-9a-z]*/eni/'; }
create() { api CreateNetworkInterface --VSwitchId vsw-h --SecurityGroupId sg-main "$@"; }

step "The answer of the first creation is lost: the connection is reset after the commit."
fault --action CreateNetworkInterface --first 1 --lose reset >/dev/null
create --NetworkInterfaceName node-1

step "The controller repeats the call. Now there are two interfaces, and it knows of one."
create --NetworkInterfaceName node-1
named node-1

step "The same with a ClientToken: the repeated call gets the answer that was lost."
enisim fault reset --account "$ACCOUNT" >/dev/null
fault --action CreateNetworkInterface --first 1 --lose reset >/dev/null
create --NetworkInterfaceName node-2 --ClientToken node-2-primary
create --NetworkInterfaceName node-2 --ClientToken node-2-primary
named node-2
counts
