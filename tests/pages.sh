#!/usr/bin/env bash
# Tests the pages that the server serves, in a real Chromium, against a real server with the sample data. Runs from any folder.
#
#   tests/pages.sh [VIZARD]      all of it; fails where something is missing
#   tests/pages.sh --images      then also writes the pictures of docs/share-page.md
#
# VIZARD              the command to test, unless it is the argument; by default it is built
# CHROMIUM            the browser; by default the first of chromium, chromium-browser, google-chrome
# VIZARD_PAGES_CACHE  where npm's packages are kept; default ${XDG_CACHE_HOME:-$HOME/.cache}/vizard/pages
# Exit codes: 0 done; 1 failed; 2 wrong arguments; 3 something is missing here, named on standard error.
#
# Never: a package of another version than package-lock.json names, a file written into the checkout but for --images.
set -euo pipefail

checkout=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
tests=$checkout/tests/pages
cache=${VIZARD_PAGES_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither HOME nor XDG_CACHE_HOME is set}/.cache}/vizard/pages}
# The server refuses settings that it does not know.
unset VIZARD_PAGES_CACHE

vizard=${VIZARD:-}
images=
for argument in "$@"; do
  case $argument in
    --images) images=$checkout/docs/images ;;
    -*) echo "pages.sh: unknown argument $argument; the file begins with what there is" >&2; exit 2 ;;
    *) vizard=$argument ;;
  esac
done

say() { printf 'pages.sh: %s\n' "$*" >&2; }
missing() { say "missing here: $*"; exit 3; }

command -v node >/dev/null || missing "node (version 20 or newer)"
command -v npm >/dev/null || missing "npm"
command -v python3 >/dev/null || missing "python3"
browser=${CHROMIUM:-}
for name in chromium chromium-browser google-chrome; do
  [[ -n $browser ]] || browser=$(command -v "$name" || true)
done
[[ -n $browser ]] || missing "chromium (Debian: apt-get install chromium)"

if [[ -z $vizard ]]; then
  (cd "$checkout" && cargo build --quiet --locked -p vizard-server --bin vizard)
  vizard=${CARGO_TARGET_DIR:-$checkout/target}/debug/vizard
fi
[[ -x $vizard ]] || { say "$vizard is no command: VIZARD must name one"; exit 1; }
vizard=$(realpath "$vizard")

packages=$cache/$(sha256sum <"$tests/package-lock.json" | cut -c1-12)
if [[ ! -e $packages/complete ]]; then
  rm -rf "$packages"
  mkdir -p "$packages"
  cp "$tests/package.json" "$tests/package-lock.json" "$tests/.npmrc" "$packages"
  npm ci --prefix "$packages" >"$packages/log" 2>&1 || { tail -n 5 "$packages/log" >&2; missing "the packages of $tests (npm ci)"; }
  touch "$packages/complete"
fi

scratch=$(mktemp -d)
server=
finish() {
  if [[ -n $server ]]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; fi
  rm -rf "$scratch"
}
trap finish EXIT

# A copy beside the packages' folder: modules are looked for from where a file is.
mkdir "$scratch/tests"
cp "$tests"/*.mjs "$scratch/tests"
ln -s "$packages/node_modules" "$scratch/tests/node_modules"

say "types and format of the page's files"
"$packages/node_modules/.bin/tsc" -p "$tests"
"$packages/node_modules/.bin/prettier" --config "$tests/package.json" --log-level warn --check \
  "$checkout"/server/pages "$tests"/*.mjs "$tests"/*.json

say "the sample installation"
export VIZARD_DATA_DIR=$scratch/data
"$vizard" demo --prepare-only --source "$checkout" >"$scratch/prepared" 2>&1 || { cat "$scratch/prepared" >&2; exit 1; }

# The most that it can log: what is not there then is nowhere.
VIZARD_LOG=trace VIZARD_PUBLIC_URL=https://vizard.example.org/risk/ "$vizard" --json --listen 127.0.0.1:0 serve >"$scratch/address" 2>"$scratch/log" &
server=$!
for _ in $(seq 300); do
  [[ ! -s $scratch/address ]] || break
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$scratch/log" >&2; say "the server ended"; exit 1; }
  sleep 0.1
done
address=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["address"])' <"$scratch/address")

say "the page of a share in $("$browser" --version 2>/dev/null), at $address"
# Nothing of the browser's may come from the home folder, or stay there.
HOME=$scratch TMPDIR=$scratch PAGES_SERVER=$address PAGES_VIZARD=$vizard PAGES_DATA=$VIZARD_DATA_DIR PAGES_LOG=$scratch/log \
  PAGES_CHROMIUM=$browser PAGES_CHECKOUT=$checkout PAGES_IMAGES=$images \
  node --test --test-reporter=spec "$scratch/tests/"*.test.mjs
