#!/usr/bin/env bash
# From an authorised Dev Hub to a working scratch org, in one command; with --refresh, deploys to the one that is there and
# does what is still missing, also after a run that broke off.
#
#   scripts/scratch-org.sh [--refresh] [--alias=stripe-payments] [--days=14]
#
# NEBULA_LOGGER_PACKAGE   optional: the 04t id of a Nebula Logger release (its README names the current one); without it
#                         log entries go to the debug log
set -euo pipefail
cd "$(dirname "$0")/.."
alias=stripe-payments days=14 refresh=
for argument in "$@"; do
  case $argument in
    --refresh) refresh=yes ;;
    --alias=*) alias=${argument#*=} ;;
    --days=*) days=${argument#*=} ;;
    *) echo "usage: $0 [--refresh] [--alias=NAME] [--days=1..30]" >&2; exit 2 ;;
  esac
done
say() { printf '\n== %s\n' "$1"; }
# Not `node -p`, which paints numbers where FORCE_COLOR is set.
from_json() { node -e "const { result } = JSON.parse(require('node:fs').readFileSync(0)); console.log(String($1))"; }
command -v sf > /dev/null || { echo "The Salesforce CLI is missing: npm install --global @salesforce/cli" >&2; exit 1; }

if [ -z "$refresh" ]; then
  say "creating scratch org $alias for $days days"
  sf org create scratch --definition-file config/stripe-scratch-def.json --alias "$alias" --duration-days "$days" --set-default --wait 20
  if [ -n "${NEBULA_LOGGER_PACKAGE:-}" ]; then
    say "installing Nebula Logger"
    sf package install --package "$NEBULA_LOGGER_PACKAGE" --target-org "$alias" --wait 20 --no-prompt
  fi
fi

say "deploying"
sf project deploy start --source-dir force-app --target-org "$alias" --wait 30
# Outgoing work runs as one user: here the scratch org's own administrator.
STRIPE_OUTGOING_USER=$(sf org display --target-org "$alias" --json | from_json result.username)
export STRIPE_OUTGOING_USER
sf project deploy start --source-dir per-org/main/default/PlatformEventSubscriberConfigs --target-org "$alias" --wait 30
if ! sf project deploy start --source-dir per-org/main/default/cachePartitions --target-org "$alias" --wait 30; then
  echo "This org has no room for a cache partition: plans and tiers are read from the database each time. Going on."
fi
apps=(externalClientApps extlClntAppGlobalOauthSets extlClntAppOauthSettings)
if ! sf project deploy start "${apps[@]/#/--source-dir=per-org/main/default/}" --target-org "$alias" --wait 30; then
  echo "This org makes no External Client App from files: create Stripe Middleware by hand, should the middleware log in here. Going on."
fi

say "assigning permission sets"
# The administrator is the middleware's user as well: only that one may write what the sample data fills.
# An assignment that is there already would be an error to the CLI.
assigned=$(sf data query --target-org "$alias" --json \
  --query "SELECT PermissionSet.Name FROM PermissionSetAssignment WHERE Assignee.Username = '$STRIPE_OUTGOING_USER'" \
  | from_json 'result.records.map((row) => row.PermissionSet.Name).join(" ")')
for name in Stripe_Admin Stripe_User Stripe_Callouts Stripe_Integration_User; do
  case " $assigned " in
    *" $name "*) echo "$name is assigned already" ;;
    *) sf org assign permset --name "$name" --target-org "$alias" ;;
  esac
done

samples=$(sf data query --target-org "$alias" --json \
  --query "SELECT Id FROM Stripe_Customer__c WHERE Stripe_Customer_ID__c LIKE 'cus_sample_%'" | from_json result.totalSize)
if [ "$samples" = 0 ]; then
  say "importing sample data"
  sf data import tree --plan scripts/data/plan.json --target-org "$alias"
fi

say "starting standing jobs"
if ! log=$(sf apex run --file scripts/apex/setup.apex --target-org "$alias" 2>&1); then
  echo "$log" >&2
  exit 1
fi
say "ready: sf org open --target-org $alias"
echo "One step is left, by hand: Setup > Named Credentials > External Credentials > Stripe Test > Principals > Main:"
echo "add the parameter ApiKey with your Stripe test key (sk_test_...)."
