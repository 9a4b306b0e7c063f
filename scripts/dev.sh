#!/usr/bin/env bash
# Live reload, for `make dev`: a change in a source file builds and restarts the
# portal, then the browser loads its page again. Open http://127.0.0.1:7331.
#
#   browser → 7331 templ's proxy, adds the reload script to pages
#           → 8080 the portal
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = restart ]; then # templ calls this after each change
  go run ./tools/assets
  mkdir -p .tools
  go build -o .tools/portal-dev .
  exec .tools/portal-dev serve # in this process's place, so that it gets the signal to stop
fi

exec go tool templ generate -watch -open-browser=false \
  -watch-pattern '\.(go|templ|css|js|svg|toml|sql)$' \
  -proxy "http://${PORTAL_LISTEN:-127.0.0.1:8080}" -cmd 'scripts/dev.sh restart'
