#!/usr/bin/env bash
# All engine tests, in three lanes beside each other: much of the time they wait, for AWS's provider and for RabbitMQ's figures.
set -uo pipefail
cd "$(dirname "$0")/../.."

lane() {
  local failed=0
  for suite in "$@"; do npx vitest run --config "test/engine/$suite.config.ts" || failed=1; done
  return "$failed"
}

lanes=()
lane vitest kill/vitest & lanes+=($!)
lane own.vitest & lanes+=($!)
lane gate.vitest retry/vitest & lanes+=($!)
failed=0
for one in "${lanes[@]}"; do wait "$one" || failed=1; done
exit "$failed"
