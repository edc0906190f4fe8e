#!/usr/bin/env bash
# Builds the example connectors in Python and JavaScript (examples/plugins) with the pinned tools of these languages,
# makes plugin files of them and runs `vizard plugin check` over both. Runs from any folder.
#
#   tests/languages.sh                 all of it; fails where something is missing
#   tests/languages.sh --if-available  where something is missing, says what and succeeds
#   tests/languages.sh --host-tests    then also the tests of server/plugin-host/tests/languages.rs
#   tests/languages.sh --figures       then also the table of docs/plugins-in-other-languages.md, for this machine
#
# VIZARD                  the command to use; by default it is built
# VIZARD_LANGUAGES_CACHE  where tools and plugin files are kept; default ${XDG_CACHE_HOME:-$HOME/.cache}/vizard/languages
# Exit codes: 0 done; 1 failed; 2 wrong arguments; 3 something is missing here, named on standard error.
#
# Never: a package of another version than the examples name, a file written into the checkout.
set -euo pipefail

checkout=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
examples=$checkout/examples/plugins
wit=$checkout/connector-sdk/wit
cache=${VIZARD_LANGUAGES_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither HOME nor XDG_CACHE_HOME is set}/.cache}/vizard/languages}

if_available=
host_tests=
figures=
for argument in "$@"; do
  case $argument in
    --if-available) if_available=1 ;;
    --host-tests) host_tests=1 ;;
    --figures) figures=1 ;;
    *) echo "languages.sh: unknown argument $argument; the file begins with what there is" >&2; exit 2 ;;
  esac
done

say() { printf 'languages.sh: %s\n' "$*" >&2; }

# What cannot be had here is no fault of the connectors.
missing() {
  say "missing here: $*"
  [[ -z $if_available ]] || { say "skipped: the connectors in Python and JavaScript were not built"; exit 0; }
  exit 3
}

# Runs a command that fetches packages; what it said is shown only if it fails.
fetch() {
  local what=$1 log
  shift
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    rm -f "$log"
    missing "$what"
  fi
  rm -f "$log"
}

timed() {
  local what=$1 began
  shift
  began=$(date +%s%N)
  "$@"
  say "$what: $((($(date +%s%N) - began) / 1000000)) ms"
}

# --- the tools, kept under the digest of what names their versions ------------------------------------------------

python_tools() {
  local pins folder
  pins=$examples/python-badges/requirements.txt
  folder=$cache/python-$(sha256sum <"$pins" | cut -c1-12)
  componentize_py=$folder/bin/componentize-py
  [[ -x $componentize_py && -e $folder/complete ]] && return
  command -v python3 >/dev/null || missing "python3 (with its module venv)"
  rm -rf "$folder"
  fetch "python3's module venv (Debian: python3-venv)" python3 -m venv "$folder"
  fetch "componentize-py, as $pins names it (pip could not install it)" \
    "$folder/bin/pip" install --require-hashes --only-binary :all: -r "$pins"
  touch "$folder/complete"
}

javascript_tools() {
  local source folder
  source=$examples/javascript-badges
  folder=$cache/javascript-$(sha256sum <"$source/package-lock.json" | cut -c1-12)
  componentize_qjs=$folder/node_modules/.bin/componentize-qjs
  [[ -x $componentize_qjs && -e $folder/complete ]] && return
  command -v node >/dev/null || missing "node"
  command -v npm >/dev/null || missing "npm"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$source/package.json" "$source/package-lock.json" "$folder"
  fetch "componentize-qjs, as $source/package-lock.json names it (npm could not install it)" \
    npm ci --prefix "$folder" --ignore-scripts --no-fund --no-audit
  touch "$folder/complete"
}

find_vizard() {
  vizard=${VIZARD:-}
  if [[ -z $vizard ]]; then
    (cd "$checkout" && cargo build --quiet --locked -p vizard-server --bin vizard)
    vizard=${CARGO_TARGET_DIR:-$checkout/target}/debug/vizard
  fi
  [[ -x $vizard ]] || { say "$vizard is no command: VIZARD must name one"; exit 1; }
}

# --- components, and plugin files of them --------------------------------------------------------------------------

build_python() {
  local source
  # A copy: Python writes its own cache beside what it reads.
  source=$(mktemp -d -p "$scratch")
  cp "$examples"/python-badges/*.py "$source"
  "$componentize_py" --quiet -d "$wit" -w connector componentize --stub-wasi -p "$source" badges -o "$plugins/python.component"
}

build_javascript() {
  "$componentize_qjs" -w "$wit" -n connector -j "$examples/javascript-badges/badges.js" --stub-wasi --sync \
    -o "$plugins/javascript.component" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; return 1; }
}

mkdir -p "$cache"
scratch=$(mktemp -d -p "$cache")
trap 'rm -rf "$scratch"' EXIT
plugins=$cache/plugins
mkdir -p "$plugins"
# Code compiled from files that are made anew, never twice the same: it would pile up.
rm -rf "${plugins:?}/compiled"

timed "tools for Python" python_tools
timed "tools for JavaScript" javascript_tools
find_vizard
for language in python javascript; do
  timed "component in $language" "build_$language"
  "$vizard" plugin build "$examples/$language-badges" --component "$plugins/$language.component" \
    --out "$plugins/$language-badges.wasm" --data-dir "$scratch/data"
  timed "check of $language" "$vizard" plugin check "$plugins/$language-badges.wasm" --samples "$examples/samples" \
    --data-dir "$scratch/data"
done

run_host_tests() {
  cd "$checkout" && VIZARD_LANGUAGE_PLUGINS=$plugins cargo test --workspace --locked --test languages -- --ignored "$@"
}
[[ -z $host_tests ]] || timed "tests of the host" run_host_tests --skip figures
[[ -z $figures ]] || timed "figures" run_host_tests --nocapture figures
