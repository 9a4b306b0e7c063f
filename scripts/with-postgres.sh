#!/usr/bin/env bash
# Runs a command with a PostgreSQL server of its own:
#
#   scripts/with-postgres.sh go test ./store
#
# The server lives in a temporary folder, listens on a socket in it and nowhere
# else, and is named to the command by PORTAL_TEST_POSTGRES. It is stopped and
# removed when the command ends, however that ends. It keeps nothing safe (fsync
# is off): for tests only. With --where it only says where the server's programs are.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # runuser

stop() {
  printf 'with-postgres: %s\n' "$@" >&2
  exit 1
}

# Debian, Red Hat and brew keep the server's programs off PATH, a folder for each
# version. Here the last one wins: the newest, or what PATH has.
programs() {
  local found=
  for folder in /usr/libexec/postgresql*/ /usr/pgsql-*/bin /usr/lib/postgresql/*/bin \
    /usr/local/opt/postgresql*/bin /opt/homebrew/opt/postgresql*/bin "$(dirname "$(readlink -f "$(command -v initdb)")")"; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && [ -x "$folder/pg_ctl" ]; then found=$folder; fi
  done 2>/dev/null
  [ -n "$found" ] && echo "$found"
}

[ $# -gt 0 ] || stop "give the command to run, such as: scripts/with-postgres.sh go test ./store"
bin=$(programs) || stop "PostgreSQL's server (initdb, postgres, pg_ctl) is missing: run make deps."
if [ "$1" = --where ]; then
  echo "$bin"
  exit
fi

# In memory where the machine has 4 GiB to spare for that: each test makes a
# database, which on a disk takes twice as long. A socket's path has about a hundred
# bytes at the most, so not below TMPDIR.
place=/tmp
[ "$(df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 { print $4 }')" -ge 4194304 ] 2>/dev/null && place=/dev/shm
folder=$(mktemp -d "$place/portal-postgres.XXXXXX")
child=
clean() {
  status=$?
  trap - EXIT INT TERM HUP
  [ -z "$child" ] || kill "$child" 2>/dev/null || true
  [ ! -f "$folder/data/postmaster.pid" ] || as_server pg_ctl --mode immediate --silent stop || true
  rm -rf "$folder"
  exit "$status"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The server refuses to run as root, so then it gets a user that there is anyway.
user=
if [ "$(id -u)" = 0 ]; then
  user=nobody
  if id postgres >/dev/null 2>&1; then user=postgres; fi
  command -v runuser >/dev/null || stop "runuser is missing: the server does not run as root."
  chown "$user" "$folder"
fi

# as_server PROGRAM ARGUMENT…: what it says is shown only when it fails
as_server() {
  local program=$1
  shift
  (cd "$folder" && ${user:+runuser -u "$user" --} "$bin/$program" --pgdata "$folder/data" "$@" >"$folder/said" 2>&1) ||
    { cat "$folder/said" "$folder/log" >&2 2>/dev/null; return 1; }
}

# With a language's own order where the server has that (since version 15): what
# must be compared byte by byte says so itself.
new=(initdb --username portal --auth trust --encoding UTF8 --locale C --no-sync)
as_server "${new[@]}" --locale-provider icu --icu-locale en-US 2>/dev/null || {
  rm -rf "$folder/data"
  as_server "${new[@]}" || stop "initdb failed; its words are above."
}
as_server pg_ctl --wait --log "$folder/log" --options "\
  -c listen_addresses= -c unix_socket_directories=$folder -c max_connections=500 \
  -c fsync=off -c full_page_writes=off -c autovacuum=off" start || stop "the server did not start; its words are above."

export PORTAL_TEST_POSTGRES="postgres://portal:not-a-secret@/postgres?host=$folder"
# Beside this script, so that a signal to the script ends the command at once.
"$@" <&0 &
child=$!
wait "$child" && child= || { status=$?; child=; exit "$status"; }
