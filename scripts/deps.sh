#!/usr/bin/env bash
# Installs what the tests need beside Go, a C compiler and git: Node.js with npm,
# Chromium, Chinese fonts, PostgreSQL's server, and the npm packages of the folders
# that have some.
# Quick when all is there. Says what is missing where it can't install it.
set -euo pipefail
cd "$(dirname "$0")/.."

node_minimum=20
npm_folders="provider/sandbox/popcore e2e"

# To add a need: name it here, and give it a line in `have` and in `package`.
needs="node npm chromium fonts postgres"

has() { command -v "$1" >/dev/null 2>&1; }

# have NEED: is it there?
have() {
  case $1 in
    node) has node ;;
    npm) has npm ;;
    chromium)
      [ -x "${CHROMIUM:-}" ] || has chromium-headless-shell || has chromium || has chromium-browser || has google-chrome ||
        [ -d "/Applications/Chromium.app" ] || [ -d "/Applications/Google Chrome.app" ]
      ;;
    fonts) # macOS has its own
      [ "$(uname)" = Darwin ] || [ -n "$(fc-list :lang=zh 2>/dev/null | head -n 1)" ] ||
        [ -n "$(find /usr/share/fonts -iname '*cjk*' 2>/dev/null | head -n 1)" ]
      ;;
    postgres) scripts/with-postgres.sh --where >/dev/null 2>&1 ;;
  esac
}

# package NEED: what the package manager calls it
package() {
  case $manager:$1 in
    apt-get:node | apk:node | dnf:node) echo nodejs ;;
    apt-get:npm | apk:npm | dnf:npm) echo npm ;;
    brew:node | brew:npm) echo node ;;
    apt-get:chromium) # Debian has it without the window, a third quicker
      if apt-cache show chromium-headless-shell >/dev/null 2>&1; then echo chromium-headless-shell; else echo chromium; fi
      ;;
    *:chromium) echo chromium ;;
    apt-get:fonts) echo fonts-noto-cjk ;;
    apk:fonts) echo font-noto-cjk ;;
    dnf:fonts) echo google-noto-sans-cjk-fonts ;;
    dnf:postgres) echo postgresql-server ;;
    *:postgres) echo postgresql ;;
  esac
}

# install PACKAGE…
install() {
  case $manager in
    apt-get)
      local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -y -q)
      as_root "${apt[@]}" install --no-install-recommends "$@"
      ;;
    apk) as_root apk add --no-progress "$@" ;;
    dnf) as_root dnf install -y --setopt=retries=3 --setopt=install_weak_deps=False "$@" ;;
    brew) brew install "$@" ;;
  esac </dev/null
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# stop SENTENCE…: what is missing and what to do
stop() {
  printf 'deps: %s\n' "$@" >&2
  exit 1
}

has go || stop "Go is missing: install Go 1.26 or newer."
has "$(go env CC)" || stop "A C compiler is missing ($(go env CC)): SQLite is C. Install gcc or clang."

missing=()
for need in $needs; do
  have "$need" || missing+=("$need")
done

if [ ${#missing[@]} -gt 0 ]; then
  manager=
  for m in apt-get dnf apk brew; do
    if has "$m"; then manager=$m && break; fi
  done
  [ -n "$manager" ] ||
    stop "Missing: ${missing[*]}. No apt-get, dnf, apk or brew here: install them yourself, then run this again." \
      "A Chromium that is not on PATH is named by CHROMIUM=/path/to/chromium."
  if [ "$manager" != brew ] && [ "$(id -u)" != 0 ] && ! has sudo; then
    stop "Missing: ${missing[*]}. You are not root and there is no sudo." \
      "Run this once as root."
  fi
  [ "$manager" != apt-get ] || as_root apt-get -o Acquire::Retries=3 -q update </dev/null ||
    stop "apt-get update failed; its message is above. Update the lists yourself, then run this again."
  packages=()
  for need in "${missing[@]}"; do packages+=("$(package "$need")"); done
  echo "deps: installing ${packages[*]} with $manager"
  install "${packages[@]}" ||
    stop "$manager could not install ${packages[*]}; its message is above. Install them yourself, then run this again."
  for need in "${missing[@]}"; do
    have "$need" || stop "$manager installed ${packages[*]}, but $need is still not found."
  done
fi

node_version=$(node --version) # v20.1.2
node_major=${node_version#v}
node_major=${node_major%%.*}
[ "$node_major" -ge "$node_minimum" ] ||
  stop "Node.js is $node_version; the tests need $node_minimum or newer."

for folder in $npm_folders; do
  [ -f "$folder/package.json" ] || continue
  # npm writes the inner file last, so it is newer when an install went through.
  [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && continue
  echo "deps: npm ci in $folder"
  (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=5 </dev/null)
done
