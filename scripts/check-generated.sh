#!/usr/bin/env bash
# Fails when something in the tree that is made from something else is not what
# making it anew gives: templ's Go code, the templates' format, static/dist, go.mod, npm locks.
# It compares before and after rather than with git, so that it is right for work
# that is not committed too. What it made anew stays, ready to be committed.
set -euo pipefail
cd "$(dirname "$0")/.."

state() { git ls-files -z --cached --others --exclude-standard -- "$@" | xargs -0 cksum 2>/dev/null || true; }

failed=0
stale() {
  echo "check-generated: $*" >&2
  failed=1
}

before=$(state '*.templ')
go tool templ fmt -log-level error .
[ "$before" = "$(state '*.templ')" ] || stale "templates were not formatted; they are now. Commit them."

before=$(state '*_templ.go')
go tool templ generate -log-level error
[ "$before" = "$(state '*_templ.go')" ] || stale "generated code was stale; it is fresh now. Commit it."

before=$(state 'static/dist/*')
go run ./tools/assets
[ "$before" = "$(state 'static/dist/*')" ] || stale "static/dist was stale; it is fresh now. Commit it."

go mod tidy -diff || stale "go.mod or go.sum is not tidy: run go mod tidy."

for lock in $(git ls-files --cached --others --exclude-standard -- '*package-lock.json'); do
  folder=$(dirname "$lock")
  (cd "$folder" && npm ci --dry-run --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null </dev/null) ||
    stale "$lock does not match its package.json: run npm install there."
  ! grep -q '"resolved"' "$lock" ||
    stale "$lock names the registry it came from: run npm install --omit-lockfile-registry-resolved there."
done

exit $failed
