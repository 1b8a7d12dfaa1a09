#!/usr/bin/env bash
# All engine tests: what is measured alone, then three lanes beside each other, as much of the time they wait, for AWS's provider
# and for RabbitMQ's figures.
set -uo pipefail
cd "$(dirname "$0")/../.."

lane() {
  local failed=0
  for suite in "$@"; do npx vitest run --config "test/engine/$suite.config.ts" || failed=1; done
  return "$failed"
}

failed=0
lane alone.vitest || failed=1
lanes=()
lane vitest kill/vitest & lanes+=($!)
lane own.vitest & lanes+=($!)
lane gate.vitest retry/vitest & lanes+=($!)
for one in "${lanes[@]}"; do wait "$one" || failed=1; done
exit "$failed"
