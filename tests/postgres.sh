#!/usr/bin/env bash
# A throw-away PostgreSQL cluster for this checkout, on loopback only.
#
#   tests/postgres.sh start [--for PID]   prints the administrator's URL alone on standard output
#   tests/postgres.sh stop                ends the cluster and removes it, whoever uses it
#
# With --for, the cluster lives as long as PID does; callers share one cluster, and the last PID to go ends it,
# however it went. Without --for it lives until `stop`.
# Exit codes: 0 done; 1 PostgreSQL failed; 2 wrong arguments; 3 there is no PostgreSQL here that can be used.
#
# Never: durability switched off (the product refuses such a server), an address other than loopback,
# a cluster that was not made here.
set -euo pipefail

readonly LOCK_SECONDS=180 # an installation from Debian's archive, by another caller, is the longest wait
readonly START_SECONDS=60
readonly STOP_SECONDS=30
readonly WATCH_SECONDS=0.5
readonly PORT_TRIES=20

self=$(realpath "${BASH_SOURCE[0]}")
checkout=$(dirname "$(dirname "$self")")
# The state is found again by the checkout's path; it holds: lock, cluster (the cluster's folder), url, watcher, holders/.
state=${TMPDIR:-/tmp}/vizard-pg-$(id -u)-$(printf %s "$checkout" | sha256sum | cut -c1-12)

say() { printf 'postgres.sh: %s\n' "$*" >&2; }
fail() {
  local code=$1
  shift
  say "$*"
  exit "$code"
}

# --- the lock: one caller at a time changes the state ------------------------------------------------------------

lock() {
  local deadline=$((SECONDS + LOCK_SECONDS))
  while ((SECONDS < deadline)); do
    mkdir -m 700 "$state" 2>/dev/null || true
    [[ ! -e $state || (-O $state && ! -L $state) ]] || fail 1 "$state belongs to somebody else: set TMPDIR to a folder of your own"
    # The last holder removes the folder with its lock in it, so what was locked may no longer be what others see.
    if { exec 9>"$state/lock"; } 2>/dev/null; then
      if flock -w "$LOCK_SECONDS" 9 && [[ $state/lock -ef /proc/self/fd/9 ]]; then return; fi
      exec 9>&-
    else
      sleep 0.05
    fi
  done
  fail 1 "another caller has held $state/lock for over $LOCK_SECONDS seconds"
}

unlock() { exec 9>&-; }

# --- processes: an id with its start time, because ids are used again --------------------------------------------

# Prints "ID START", or nothing where the process is gone (or dead and not yet collected by its parent).
birth() {
  local line fields
  read -r line 2>/dev/null <"/proc/$1/stat" || return 0
  read -ra fields <<<"${line##*) }" # the name before it may hold spaces
  [[ ${fields[0]} == [ZX] ]] || printf '%s %s\n' "$1" "${fields[19]}"
}

lives() {
  local id since
  read -r id since 2>/dev/null <"$1" && [[ $(birth "$id") == "$id $since" ]]
}

# --- PostgreSQL: found, or installed -----------------------------------------------------------------------------

find_binaries() {
  local candidate
  bin=
  while read -r candidate; do
    [[ -x $candidate/initdb && -x $candidate/postgres ]] && bin=$candidate && return
  done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV)
  candidate=$(command -v initdb || true)
  [[ -z $candidate ]] && return 1
  candidate=$(dirname "$(realpath "$candidate")")
  [[ -x $candidate/postgres ]] && bin=$candidate
}

install_package() {
  local how="install PostgreSQL 13 or newer (on Debian: apt-get install postgresql) and run this again"
  [[ $(id -u) == 0 ]] || fail 3 "there is no PostgreSQL server here: as root, $how"
  command -v apt-get >/dev/null || fail 3 "there is no PostgreSQL server and no apt-get here: $how"
  say "installing Debian's package postgresql"
  # Only the programs are wanted, not the system's own cluster that the package would make and start.
  local no_cluster=/etc/postgresql-common/createcluster.d/vizard-tests.conf installed=0
  mkdir -p "${no_cluster%/*}"
  echo 'create_main_cluster = false' >"$no_cluster"
  {
    apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends postgresql
  } </dev/null >&2 9>&- || installed=$?
  rm -f "$no_cluster"
  ((installed == 0)) || fail 3 "apt-get could not install postgresql (its words are above): $how"
  find_binaries || fail 3 "the package postgresql brought no server programs: $how"
}

# PostgreSQL refuses to run as root.
choose_account() {
  account=()
  [[ $(id -u) == 0 ]] || return 0
  id postgres >/dev/null 2>&1 || fail 3 "PostgreSQL does not run as root and there is no account 'postgres': make one (useradd --system postgres)"
  if command -v setpriv >/dev/null; then
    account=(setpriv --reuid=postgres --regid=postgres --init-groups --reset-env)
  else
    account=(runuser -u postgres --)
  fi
}

# From a folder that the account can enter, holding neither the lock nor the caller's standard output.
as_account() { (cd / && exec "${account[@]}" "$@") </dev/null >&2 9>&-; }

# --- the cluster -------------------------------------------------------------------------------------------------

# A folder that the account can reach and whose path leaves room for a socket's name (107 bytes in all).
make_folder() {
  local base
  for base in "${TMPDIR:-/tmp}" /tmp; do
    folder=$(mktemp -d "$base/vizard-pg-data.XXXXXX") || continue
    printf '%s\n' "$folder" >"$state/cluster"
    if [[ $(id -u) == 0 ]]; then chown postgres: "$folder"; fi
    if ((${#folder} < 80)) && as_account test -w "$folder" -a -x "$folder"; then return; fi
    rmdir "$folder"
  done
  fail 1 "neither ${TMPDIR:-/tmp} nor /tmp can hold a cluster that the account may enter"
}

configure() {
  cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
fsync = on
synchronous_commit = on
full_page_writes = on
max_connections = 200
shared_buffers = 64MB
max_wal_size = 512MB
timezone = 'UTC'
log_timezone = 'UTC'
CONF
}

# Tries ports below the range of outgoing connections until one is free.
launch() {
  local port
  for ((i = 0; i < PORT_TRIES; i++)); do
    port=$((20000 + RANDOM % 12000))
    if as_account "$bin/pg_ctl" start --silent --wait --timeout "$START_SECONDS" -D "$folder/data" \
      --log "$folder/log" -o "-p $port"; then
      printf 'postgres://postgres@127.0.0.1:%s/postgres\n' "$port" >"$state/url"
      return
    fi
    grep -q 'could not bind' "$folder/log" || break
    : >"$folder/log"
  done
  tail -n 20 "$folder/log" >&2 || true
  fail 1 "PostgreSQL did not start"
}

answers() {
  [[ -s $state/cluster && -s $state/url ]] || return 1
  folder=$(<"$state/cluster")
  local url port
  url=$(<"$state/url")
  port=${url##*:}
  as_account "$bin/pg_isready" --quiet --timeout 5 --host "$folder" --port "${port%%/*}"
}

# Ends and removes the recorded cluster, in whatever condition it is; the lock is held.
remove_cluster() {
  local postmaster
  [[ -s $state/cluster ]] || return 0
  folder=$(<"$state/cluster")
  [[ $folder == */vizard-pg-data.?????? && ! -L $folder ]] || fail 1 "$state/cluster is not of this script's making"
  if read -r postmaster 2>/dev/null <"$folder/data/postmaster.pid"; then
    end_server "$postmaster"
  fi
  # Backends of a killed server may still be leaving, and write while the folder goes.
  for _ in {1..10}; do
    rm -rf "$folder" 2>/dev/null && break
    sleep 0.5
  done
  rm -f "$state/cluster" "$state/url"
}

# After a crash the id may be another process's by now: only a server that works in this folder is ended.
end_server() {
  local signal=QUIT i # PostgreSQL's immediate shutdown
  for ((i = 0; i < STOP_SECONDS * 10; i++)); do
    [[ $(readlink "/proc/$1/cwd" 2>/dev/null) == "$folder/data" && -n $(birth "$1") ]] || return 0
    if ((i % 100 == 0)); then
      kill "-$signal" "$1" 2>/dev/null || true
      signal=KILL
    fi
    sleep 0.1
  done
}

remove_all() {
  remove_cluster
  rm -rf "$state"
}

# --- what a caller may ask ---------------------------------------------------------------------------------------

start() {
  local holder=forever started=$SECONDS
  if [[ ${1-} == --for ]]; then
    [[ $# == 2 && $2 =~ ^[0-9]+$ && -n $(birth "$2") ]] || fail 2 "--for needs the id of a running process"
    holder=$2
  elif [[ $# != 0 ]]; then
    fail 2 "usage: tests/postgres.sh start [--for PID] | stop"
  fi
  lock
  find_binaries || install_package
  choose_account
  mkdir -p "$state/holders"
  if answers; then
    hold "$holder"
  else
    remove_cluster
    make_folder
    # Held and watched before it runs: if this caller is killed half-way, the watcher tidies up.
    hold "$holder"
    say "starting $("$bin/postgres" --version) in $folder"
    as_account "$bin/initdb" -D "$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync \
      >"$state/initdb.log" 2>&1 || { cat "$state/initdb.log" >&2; fail 1 "initdb failed"; }
    configure
    launch
    say "ready after $((SECONDS - started)) s"
  fi
  cat "$state/url"
  unlock
}

hold() {
  if [[ $1 == forever ]]; then : >"$state/holders/forever"; else birth "$1" >"$state/holders/$1"; fi
  if [[ ! -e $state/watcher ]] || ! lives "$state/watcher"; then
    setsid bash "$self" watch </dev/null >/dev/null 2>&1 9>&- &
    birth $! >"$state/watcher"
    disown
  fi
}

# Runs apart from every caller until the last holder is gone. It decides under the lock and removes its own mark,
# so no caller relies on a watcher that is about to go.
watch() {
  local holder held
  while sleep "$WATCH_SECONDS"; do
    [[ -d $state ]] || return 0
    lock
    held=
    for holder in "$state"/holders/*; do
      if [[ $holder == */forever ]] || lives "$holder"; then held=yes; else rm -f "$holder"; fi
    done
    if [[ -z $held ]]; then
      remove_all
      return 0
    fi
    unlock
  done
}

stop() {
  [[ $# == 0 ]] || fail 2 "usage: tests/postgres.sh stop"
  [[ -d $state ]] || return 0
  lock
  remove_all
}

main() {
  local what=${1-}
  shift || true
  case $what in
    start) start "$@" ;;
    stop) stop "$@" ;;
    watch) watch "$@" ;;
    *) fail 2 "usage: tests/postgres.sh start [--for PID] | stop" ;;
  esac
}

# The whole script is read before it runs: an edit cannot reach a watcher.
main "$@"; exit $?
