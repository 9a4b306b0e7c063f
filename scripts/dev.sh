#!/usr/bin/env bash
# Live reload, for `make dev`: a change in a source file builds and restarts the
# portal, then the browser loads its page again. Open http://127.0.0.1:7331.
#
#   browser → 7331 templ's proxy, adds the reload script to pages
#           → 7332 tools/devproxy, lets the page's policy allow that script
#           → 8080 the portal
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = restart ]; then # templ calls this after each change
  go run ./tools/assets
  go build -o .tools/portal-dev .
  exec .tools/portal-dev serve # in this process's place, so that it gets the signal to stop
fi

mkdir -p .tools
go build -o .tools/devproxy ./tools/devproxy
.tools/devproxy 127.0.0.1:7332 "http://${PORTAL_LISTEN:-127.0.0.1:8080}" &
proxy=$!
trap 'kill $proxy 2>/dev/null || true' EXIT

go tool templ generate -watch -open-browser=false \
  -watch-pattern '\.(go|templ|css|js|svg|toml|sql)$' \
  -proxy http://127.0.0.1:7332 -cmd 'scripts/dev.sh restart'
