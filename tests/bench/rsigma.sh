#!/usr/bin/env bash
# The same rules, the same file, one run: `vizard bench rules` beside rsigma 0.23.0 (Sigma correlations, --action reset).
# usage: tests/bench/rsigma.sh [EVENTS]   [default: 1000000]
set -euo pipefail
cd "$(dirname "$0")/../.."
events=${1:-1000000}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
root=${RSIGMA_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/vizard/rsigma-0.23.0}
[ -x "$root/bin/rsigma" ] || cargo install --locked rsigma --version 0.23.0 --root "$root"
cargo build --release -q -p vizard-server
vizard=${CARGO_TARGET_DIR:-target}/release/vizard
"$vizard" bench rules --rules docs/rules/example.toml --events "$work/events.jsonl" --generate "$events" >/dev/null 2>&1
ls -l "$work/events.jsonl" | awk '{print $5 " bytes"}'
for run in 1 2 3; do
    "$vizard" bench rules --rules docs/rules/example.toml --events "$work/events.jsonl" | tee "$work/ours" | grep events/s
    "$vizard" bench rules --rules docs/rules/example.toml --events "$work/events.jsonl" --scored | grep -E "events/s|scored"
    start=$(date +%s.%N)
    "$root/bin/rsigma" engine eval --rules docs/rules/example.sigma.yml --event "@$work/events.jsonl" --action reset \
        --timestamp-field occurred_at --no-detections >"$work/theirs" 2>"$work/theirs.err" || { cat "$work/theirs.err"; exit 1; }
    end=$(date +%s.%N)
    awk -v n="$events" -v a="$start" -v b="$end" 'BEGIN { printf "rsigma: %.2f s: %.0f events/s\n", b - a, n / (b - a) }'
done
echo "matches: ours, theirs, rule"
grep -v -E "events/s|  matches$|^$" "$work/ours" | while read -r count rule; do
    theirs=$(grep -c -F "\"rule_title\":\"$rule\"" "$work/theirs" || true)
    echo "$count $theirs $rule"
    [ "$count" = "$theirs" ] || { echo "they differ"; exit 1; }
done
