#!/usr/bin/env bash
# All engine tests. Much of the time AWS's provider waits, so those with environments of their own run beside those that share one. The kills of
# `up` come alone, after them.
set -uo pipefail
cd "$(dirname "$0")/../.."
suite() { npx vitest run --config "test/engine/$1"; }
beside() { suite own.vitest.config.ts && suite retry/vitest.config.ts; }

failed=0
beside &
other=$!
suite vitest.config.ts || failed=1
wait "$other" || failed=1
suite kill/vitest.config.ts || failed=1
exit "$failed"
