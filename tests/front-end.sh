#!/usr/bin/env bash
# What front-end teams bring, run against a server with the sample company: graphql-http's audits, graphql-ws and
# graphql-sse, Apollo's cache, graphql-inspector, graphql-eslint, relay-compiler, graphql-codegen with tsc, the ten
# operations of tests/operations, and schemathesis for each role. Runs from any folder.
#
#   tests/front-end.sh [VIZARD]   the command to test; else the variable VIZARD; else it is built
#
# FRONT_END_CACHE  where packages are kept; default ${XDG_CACHE_HOME:-$HOME/.cache}/vizard/front-end
#
# All steps run; those that failed are named at the end. What schemathesis found is kept in FRONT_END_CACHE/failures.
# Exit codes: 0 all passed; 1 a step failed; 2 wrong arguments; 3 something is missing here, named on standard error.
#
# Never: a package of another version than the lock files name, a server left running, a file written into the checkout
# except below target/, where `vizard demo` builds its plugins.
set -euo pipefail
exec </dev/null

checkout=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
source=$checkout/tests/front-end
cache=${FRONT_END_CACHE:-${XDG_CACHE_HOME:-${HOME:?neither HOME nor XDG_CACHE_HOME is set}/.cache}/vizard/front-end}
failures=$cache/failures

readonly SEED=1 EXAMPLES=8 # of schemathesis, for each of 93 fields of the roots: about 7 s a role
readonly STEP_SECONDS=180  # a step that takes longer hangs

say() { printf 'front-end.sh: %s\n' "$*"; }
missing() { say "missing here: $*" >&2; exit 3; }

(($# <= 1)) || { say "one argument at most: the command to test" >&2; exit 2; }
vizard=${1:-${VIZARD:-}}

mkdir -p "$cache"
scratch=
server=
finish() {
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  [[ -z $scratch ]] || rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- the tools, kept under the digest of what names their versions ---------------------------------------------------

# Runs a command that fetches packages; what it said is shown only if it fails.
fetch() {
  local what=$1
  shift
  if ! "$@" >"$cache/fetch.log" 2>&1; then
    tail -n 5 "$cache/fetch.log" >&2
    missing "$what"
  fi
}

node_tools() {
  command -v node >/dev/null || missing "node 20 or newer"
  command -v npm >/dev/null || missing "npm"
  (($(node -p 'process.versions.node.split(".")[0]') >= 20)) || missing "node 20 or newer; this is $(node --version)"
  tools=$cache/node-$(sha256sum <"$source/package-lock.json" | cut -c1-12)
  [[ -e $tools/complete ]] && return
  rm -rf "$tools"
  mkdir -p "$tools"
  cp "$source/package.json" "$source/package-lock.json" "$source/.npmrc" "$tools"
  fetch "npm packages, as $source/package-lock.json names them" npm ci --prefix "$tools" --ignore-scripts --no-fund --no-audit
  touch "$tools/complete"
}

python_tools() {
  local pins=$source/fuzz/requirements.txt folder
  command -v python3 >/dev/null || missing "python3 (with its module venv)"
  folder=$cache/python-$(sha256sum <"$pins" | cut -c1-12)
  schemathesis=$folder/bin/schemathesis
  [[ -e $folder/complete ]] && return
  rm -rf "$folder"
  fetch "python3's module venv (Debian: python3-venv)" python3 -m venv "$folder"
  fetch "schemathesis, as $pins names it" "$folder/bin/pip" install --require-hashes --only-binary :all: -r "$pins"
  touch "$folder/complete"
}

# --- the server ------------------------------------------------------------------------------------------------------

find_vizard() {
  if [[ -z $vizard ]]; then
    (cd "$checkout" && cargo build --quiet --locked -p vizard-server --bin vizard)
    vizard=${CARGO_TARGET_DIR:-$checkout/target}/debug/vizard
  fi
  [[ -x $vizard ]] || { say "$vizard is no command: VIZARD must name one" >&2; exit 2; }
  vizard=$(realpath "$vizard")
}

prepare() {
  "$vizard" --data-dir "$scratch/data" demo --prepare-only --source "$checkout" >"$scratch/log" 2>&1 ||
    { cat "$scratch/log" >&2; return 1; }
}

start() {
  local role waited
  # Port 0: the system picks one that is free, and the server says which.
  # What schemathesis asks within a minute, nobody who works with a screen does.
  VIZARD_LOG=warn VIZARD_REQUESTS_A_MINUTE=1000000 "$vizard" --data-dir "$scratch/data" --listen 127.0.0.1:0 --json serve >"$scratch/address" 2>"$scratch/server.log" &
  server=$!
  for ((waited = 0; waited < 300; waited++)); do
    [[ -s $scratch/address ]] && break
    kill -0 "$server" 2>/dev/null || { cat "$scratch/server.log" >&2; return 1; }
    sleep 0.1
  done
  FRONT_END_URL=$(node -p 'JSON.parse(fs.readFileSync(process.argv[1])).address' "$scratch/address")
  FRONT_END_TOKENS=$scratch/tokens
  mkdir "$FRONT_END_TOKENS"
  for role in "${ROLES[@]}"; do
    "$vizard" --data-dir "$scratch/data" token --role "$role" --name "Front ${role,,}" >"$FRONT_END_TOKENS/$role"
  done
}

# --- the steps -------------------------------------------------------------------------------------------------------

failed=()

# Runs a step; what it said is shown where it failed, and otherwise its lines that begin with "=" or count tests.
step() {
  local what=$1 began code=0
  shift
  began=$(date +%s%N)
  "$@" >"$scratch/log" 2>&1 || code=$?
  if ((code == 0)); then
    { grep -E '^(= |ℹ (tests|pass|fail) )' "$scratch/log" || true; } | sed 's/^= /    /; s/^ℹ /    /'
  else
    cat "$scratch/log"
    failed+=("$what")
  fi
  say "$what: $( ((code == 0)) && echo passed || echo FAILED), $((($(date +%s%N) - began) / 1000000)) ms"
}

bounded() { timeout --kill-after 5 "$STEP_SECONDS" "$@"; }
tests() { bounded node --test --test-reporter=spec "$@"; }

relay() {
  mkdir relay/artifacts
  (cd relay && bounded relay-compiler relay.config.json) || return 1
  # A compiler that finds no document is content too.
  [[ -e relay/artifacts/queueListPageQuery.graphql.ts ]] || { echo "relay-compiler wrote nothing"; return 1; }
  echo "= $(find relay/artifacts -name '*.ts' | wc -l) artifacts"
}

generated_client() {
  bounded graphql-codegen --config codegen.config.mjs || return 1
  # --strict is in tsconfig.json too; here it cannot be switched off by an edit there. Emits what the next step runs.
  bounded tsc --strict --project tsconfig.json || return 1
  local documents operations
  documents=$(node -p 'Object.keys(JSON.parse(fs.readFileSync("generated/persisted-documents.json"))).length')
  operations=$(find operations -name '*.graphql' | wc -l)
  ((documents == 10 && operations == 10)) || { echo "$operations operations, $documents in the manifest: ten are wanted"; return 1; }
  echo "= $documents documents in the manifest"
}

# Runs schemathesis for one role, or for nobody.
fuzz() {
  local role=$1 url=$2 headers=() code=0 report
  shift 2
  [[ $role == nobody ]] || headers=(--header "Authorization: Bearer $(<"$FRONT_END_TOKENS/$role")")
  report=$scratch/report-$role
  rm -rf "$report"
  mkdir "$report"
  (cd fuzz && SCHEMATHESIS_HOOKS=hooks PYTHONPATH=. bounded "$schemathesis" --no-color --config-file schemathesis.toml run \
    "$scratch/schema.graphql" --url "$url" "${headers[@]}" --seed "$SEED" --phases fuzzing --continue-on-failure --warnings off \
    --checks no_fault --exclude-checks not_a_server_error --report ndjson --report-dir "$report" "$@") >"$report/output" 2>&1 || code=$?
  cat "$report/output"
  grep -E '^ +[0-9]+ generated' "$report/output" | sed 's/^ */= /' || true
  return "$code"
}

fuzz_role() {
  local role=$1 code=0
  fuzz "$role" "$FRONT_END_URL/graphql" --max-examples "$EXAMPLES" || code=$?
  if ((code != 0)); then
    mkdir -p "$failures"
    rm -rf "${failures:?}/$role"
    cp -r "$scratch/report-$role" "$failures/$role"
    cp "$scratch/server.log" "$failures/$role"
    echo "kept in $failures/$role"
  fi
  return "$code"
}

# The check of the fuzzer on a server that is nothing but faults: who passes everything has checked nothing.
fuzz_finds() {
  local at what
  for what in internal status text refusal; do
    node faulty.mjs "$what" >"$scratch/faulty" &
    at=$!
    while [[ ! -s $scratch/faulty ]] && kill -0 "$at"; do sleep 0.05; done
    if fuzz nobody "$(<"$scratch/faulty")" --max-examples 1 --mode positive --include-name Query.viewer >/dev/null; then
      kill "$at"
      echo "the fault '$what' was not found"
      return 1
    fi
    kill "$at"
    : >"$scratch/faulty"
    grep -q 'no_fault' "$scratch/report-nobody/output" || { cat "$scratch/report-nobody/output"; return 1; }
  done
}

readonly ROLES=(ADMIN ANALYST INVESTIGATOR APPROVER AUDITOR)

node_tools
python_tools
find_vizard
say "tools are there after $SECONDS s"

scratch=$(mktemp -d)
cp -r "$source/." "$checkout/tests/operations" "$checkout/schema.graphql" "$checkout/api/released.graphql" "$checkout/API-CHANGELOG.md" \
  "$checkout/docs/front-end.md" "$scratch"
rm -rf "$scratch/node_modules" # somebody's own, if any
ln -s "$tools/node_modules" "$scratch/node_modules"
cd "$scratch"
export PATH=$tools/node_modules/.bin:$PATH NO_COLOR=1
unset FORCE_COLOR

step "the guide" tests guide.test.mjs
step "graphql-inspector" tests inspector.test.mjs
step "graphql-eslint" bounded eslint --no-warn-ignored --max-warnings 0 schema.graphql operations
step "relay-compiler" relay
step "graphql-codegen and tsc" generated_client

prepare
start
export FRONT_END_URL FRONT_END_TOKENS
say "the sample company is served after $SECONDS s"

# First: it looks at the sample as it is delivered. The fuzzer is last, and ADMIN the last of it, who can change most.
step "the ten operations" tests compiled/operations.test.js
step "introspection" tests introspection.test.mjs
step "graphql-http" tests audits.test.mjs
step "documents that clients write" tests language.test.mjs
step "graphql-ws and graphql-sse" tests live.test.mjs
step "Apollo Client" tests cache.test.mjs
bounded node things.mjs >fuzz/things.dict
step "what schemathesis would find" fuzz_finds
for role in nobody AUDITOR APPROVER ANALYST INVESTIGATOR ADMIN; do
  step "schemathesis as $role" fuzz_role "$role"
done

still_serving() {
  kill -0 "$server" || return 1
  bounded node -e 'fetch(process.argv[1]).then(({ status }) => process.exit(status === 200 ? 0 : 1))' "$FRONT_END_URL/readyz"
}
no_internal_errors() { ! grep -E 'ERROR|panicked' "$scratch/server.log"; }
step "the server still serves" still_serving
step "the server's log has no error" no_internal_errors

if ((${#failed[@]} > 0)); then
  say "FAILED after $SECONDS s:$(printf ' %s;' "${failed[@]}")"
  exit 1
fi
say "all steps passed in $SECONDS s"
