#!/usr/bin/env bash
# Finds or makes a Rust compiler for wasm32-unknown-unknown, and prints the environment that cargo needs to use it:
# KEY=VALUE lines on standard output, none where the active toolchain has the target. Messages go to standard error.
#
#   eval "$(tools/wasm-toolchain.sh | sed 's/^/export /')"
#
# 1. The active toolchain has the target: nothing to do.
# 2. One was made before: use it.
# 3. Otherwise one is made, once: Debian's packages of a Rust compiler with the sources of its standard library are
#    unpacked (never installed: they would conflict with others) into a cache, and std is compiled for the target.
#
# It is as new as the packages of the current folder ask for (`rust-version`): an older one is made anew, and package lists
# that know only an older one are refreshed first.
#
# VIZARD_WASM_TOOLCHAIN      where to keep it; default ${XDG_CACHE_HOME:-$HOME/.cache}/vizard/wasm-toolchain
# VIZARD_WASM_FORCE_FALLBACK set: skip step 1 (to test step 3)
# Exit codes: 0 done, 1 not possible here (the last line says what would help).
set -euo pipefail

target=wasm32-unknown-unknown
dest=${VIZARD_WASM_TOOLCHAIN:-${XDG_CACHE_HOME:-${HOME:?neither HOME nor XDG_CACHE_HOME is set}/.cache}/vizard/wasm-toolchain}
marker=.made-by-vizard

say() { echo "wasm-toolchain: $*" >&2; }
fail() { say "$*"; exit 1; }

# Whether this compiler has the target's standard library.
has_target() {
  local dir
  dir=$("$1" --print target-libdir --target "$target" 2>/dev/null) && compgen -G "$dir/libstd-*.rlib" >/dev/null
}

# A linker for the target: rustup's, else the system's.
find_linker() {
  local sysroot host found
  sysroot=$("${RUSTC:-rustc}" --print sysroot 2>/dev/null) || sysroot=
  host=$("${RUSTC:-rustc}" -vV 2>/dev/null | sed -n 's/^host: //p') || host=
  for found in "$sysroot/lib/rustlib/$host/bin/rust-lld" "$(command -v rust-lld)" "$(command -v wasm-ld)" \
               $(compgen -G '/usr/bin/wasm-ld-*' | sort -rV); do
    if [ -x "$found" ]; then echo "$found"; return; fi
  done
  fail "no linker for $target: install Debian's package 'lld', or a Rust toolchain from rustup, which brings rust-lld"
}

print_environment() {
  local linker
  linker=$(find_linker)
  # rustc tells the kind of linker by its name.
  ln -sfn "$linker" "$dest/$(basename "$linker" | sed 's/^wasm-ld.*/wasm-ld/')"
  echo "RUSTC=$dest/rustc"
  echo "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$dest/$(basename "$linker" | sed 's/^wasm-ld.*/wasm-ld/')"
}

# The newest Rust that a package of the current folder asks for; nothing where there is none.
wanted() {
  cargo metadata --no-deps --offline --format-version 1 2>/dev/null | grep -oE '"rust_version":"[0-9.]+"' | grep -oE '[0-9.]+' |
    sort -V | tail -1 || true
}

# Whether the first version is the second or newer.
is_at_least() { [ "$(printf '%s\n%s\n' "${1:-0}" "${2:-0}" | sort -V | head -1)" = "${2:-0}" ]; }

version_of() { "$1" --version 2>/dev/null | cut -d' ' -f2; }

ready() { [ -f "$dest/$marker" ] && has_target "$dest/rustc" && is_at_least "$(version_of "$dest/rustc")" "$wanted"; }

# The version of rustc-web that the package lists know, for example 1.96.0.
listed() { apt-cache policy rustc-web 2>/dev/null | sed -n 's/^ *Candidate: *\([0-9.]*[0-9]\).*/\1/p'; }

# Removes a folder that this script made, and nothing else.
remove() {
  local dir=${1:?}
  [ -e "$dir" ] || return 0
  [ -f "$dir/$marker" ] || [ -f "$dir/.unfinished" ] || fail "$dir exists and is not ours: remove it yourself, or set VIZARD_WASM_TOOLCHAIN"
  rm -rf -- "$dir"
}

# Downloads the packages into the current folder. The versions of compiler, library and sources must be the same.
download() {
  local library llvm
  library=$(apt-cache depends rustc-web libstd-rust-web-dev 2>/dev/null | grep -oE 'libstd-rust-web-[0-9.]+' | sort -V | tail -1) || true
  [ -n "$library" ] || return 1
  llvm=$(apt-cache depends "$library" 2>/dev/null | grep -oE 'libllvm[0-9]+' | head -1) || true
  say "downloading rustc-web, its library and its sources (about 150 MB)"
  apt-get -qq download rustc-web libstd-rust-web-dev rust-web-src "$library" ${llvm:+"$llvm"} 2> >(grep -v unsandboxed >&2 || true)
}

make_toolchain() {
  command -v dpkg-deb >/dev/null ||
    fail "the active toolchain has no $target, and there are no Debian packages here to make one from: run 'rustup target add $target'"
  local cargo work=${1:?}
  # Asked for here, where the project's rust-toolchain.toml holds.
  cargo=$(rustup which cargo 2>/dev/null || command -v cargo) || fail "no cargo: install Rust with rustup"

  mkdir -p "$work/debs" "$work/std/src"
  touch "$work/.unfinished"
  cd "$work/debs"
  if ! is_at_least "$(listed)" "$wanted" || ! download; then
    [ "$(id -u)" = 0 ] || fail "no package rustc-web ${wanted:+of at least $wanted }is known or it cannot be downloaded: as root run 'apt-get update', or run 'rustup target add $target'"
    say "refreshing the package lists"
    apt-get -qq update >&2 || fail "apt-get update failed: is the network there?"
    is_at_least "$(listed)" "$wanted" ||
      fail "this distribution has rustc-web $(listed), and $wanted is needed: run 'rustup target add $target'"
    download || fail "there is no package rustc-web in this distribution, or it cannot be downloaded: run 'rustup target add $target'"
  fi
  say "unpacking"
  local package
  for package in *.deb; do
    case $package in
      # Of 340 MB of sources only the library is wanted.
      rust-web-src_*) dpkg-deb --fsys-tarfile "$package" | tar -x -C "$work" --wildcards './usr/src/rustc-*/library' './usr/lib/rustlib/src/*' ;;
      *) dpkg-deb -x "$package" "$work" ;;
    esac
  done

  cat > "$work/rustc" <<'WRAPPER'
#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
for dir in "$here"/usr/lib/*-linux-gnu; do
  LD_LIBRARY_PATH="$dir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
done
export LD_LIBRARY_PATH
exec "$here/usr/bin/rustc" "$@"
WRAPPER
  chmod +x "$work/rustc"
  if ! "$work/rustc" --version >/dev/null 2>&1; then
    # libLLVM needs libraries of the system (libz3, libedit, libxml2).
    local llvm
    llvm=$(basename -- *libllvm*.deb | cut -d_ -f1)
    [ "$(id -u)" = 0 ] || fail "the compiler does not start: as root run 'apt-get install $llvm', or run 'rustup target add $target'"
    say "installing the libraries that $llvm needs"
    apt-get -qq install -y --no-install-recommends "$llvm" >&2 || fail "could not install $llvm"
    "$work/rustc" --version >/dev/null || fail "the unpacked compiler does not start"
  fi

  say "compiling std of $("$work/rustc" --version | cut -d' ' -f1,2) for $target"
  cd "$work/std"
  cat > Cargo.toml <<'SEED'
[package]
name = "seed"
version = "0.0.0"
edition = "2024"
[workspace]
[profile.release]
strip = "debuginfo"
SEED
  : > src/lib.rs
  # RUSTC_BOOTSTRAP only here: -Zbuild-std is what needs it. Bitcode, so that guests may be built with lto.
  env -u CARGO_ENCODED_RUSTFLAGS -u RUSTC_WRAPPER -u RUSTC_WORKSPACE_WRAPPER -u CARGO_TARGET_DIR -u CARGO_BUILD_TARGET_DIR \
    RUSTC="$work/rustc" RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Cembed-bitcode=yes \
    "$cargo" build -q --release --target "$target" --target-dir "$work/std/target" -Zbuild-std=std,panic_abort >&2 ||
    fail "std could not be compiled; its own dependencies come from the crate registry: is it within reach?"
  local library="$work/usr/lib/rustlib/$target/lib"
  mkdir -p "$library"
  cp "$work/std/target/$target"/release/deps/lib*.rlib "$library/"
  rm -f "$library"/libseed*
  cd "$work"
  rm -rf -- "${work:?}"/{std,debs,usr/src,usr/share,usr/bin/rustdoc}
  has_target "$work/rustc" || fail "std was compiled, but the compiler does not find it"
}

if [ -z "${VIZARD_WASM_FORCE_FALLBACK:-}" ] && has_target "${RUSTC:-rustc}"; then
  say "the active toolchain has $target"
  exit 0
fi
case $dest in
  /*) ;;
  *) fail "VIZARD_WASM_TOOLCHAIN must be an absolute path" ;;
esac
wanted=$(wanted)
if ! ready; then
  mkdir -p "$(dirname "$dest")"
  if command -v flock >/dev/null; then
    exec 9>"$dest.lock"
    flock -n 9 || { say "another run is making the toolchain: waiting for it"; flock 9; }
  fi
  # The other run may have done it.
  if ! ready; then
    say "the active toolchain has no $target: making one in $dest (once, about a minute)"
    remove "$dest.new"
    remove "$dest"
    # In a subshell without the lock, so that nothing it leaves behind holds it; under another name until complete.
    (make_toolchain "$dest.new") 9>&- || exit 1
    mv "$dest.new/.unfinished" "$dest.new/$marker"
    mv "$dest.new" "$dest"
    say "made: $(du -sh "$dest" | cut -f1) in $dest"
  fi
fi
say "using $("$dest/rustc" --version) in $dest"
print_environment
