# Shared by the recipes in this folder. Each runs in an account of its own, beside anything else on the server.
# They need bash, jq and the program enisim, which finds the server as it always does (ENISIM_ENDPOINT, ENISIM_DATA_DIR).
# shellcheck shell=bash
set -euo pipefail

# new_account [SCENARIO] makes a tenant with the world of a scenario, and lets all calls use its key. It is deleted at the end.
new_account() {
  local made
  made=$(enisim account create --scenario "${1:-testdata/scenarios/quickstart.yaml}" --json)
  ACCOUNT=$(jq -r .id <<<"$made")
  ENISIM_ACCESS_KEY_ID=$(jq -r '.keys[0].id' <<<"$made")
  ENISIM_ACCESS_KEY_SECRET=$(jq -r '.keys[0].secret' <<<"$made")
  export ACCOUNT ENISIM_ACCESS_KEY_ID ENISIM_ACCESS_KEY_SECRET
  trap 'enisim account delete "$ACCOUNT" >/dev/null' EXIT
}

# step prints what happens next.
step() { printf '\n# %s\n' "$*"; }

# api calls an action, and prints it with what became of it: OK, a code, or "no answer".
api() {
  local reply outcome="no answer"
  if reply=$(enisim call "$1" --RegionId cn-hangzhou "${@:2}" 2>/dev/null); then
    outcome=OK
  elif [ -n "$reply" ]; then
    outcome=$(jq -r .Code <<<"$reply")
  fi
  printf '%s %s -> %s\n' "$1" "${*:2}" "$outcome"
}

# interfaces [FILTER...] prints the id, the status and the instance of each interface that the filters of
# DescribeNetworkInterfaces select.
interfaces() {
  enisim call DescribeNetworkInterfaces --RegionId cn-hangzhou --PageSize 100 "$@" |
    jq -r '.NetworkInterfaceSets.NetworkInterfaceSet | sort_by(.NetworkInterfaceId)[] |
      "  \(.NetworkInterfaceId) \(.Status) \(.InstanceId)"'
}

# fault orders a fault of the account, and prints its id.
fault() { enisim fault add --account "$ACCOUNT" "$@"; }

# counts prints how often the faults of the account have struck.
counts() {
  enisim fault list --account "$ACCOUNT" --json | jq -r '.faults[] | "  \(.do | tojson): matched \(.matched), struck \(.struck)"'
}
