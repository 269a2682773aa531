# Shared by the scripts beside it (source it, do not run it): strict mode, messages, the build.
# shellcheck shell=bash

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# say WORDS…: what the script does next.
say() { printf '==> %s\n' "$*" >&2; }

# fail MESSAGE FIX: ends the script; FIX is what the reader should do.
fail() {
  printf 'error: %s\n  fix: %s\n' "$1" "$2" >&2
  exit 1
}

# as_root COMMAND…: runs it with root's rights, or returns 1 when that is not possible without a question.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    sudo "$@"
  else
    return 1
  fi
}

# apt_install PACKAGE…: installs Debian packages, or fails with the command to run.
apt_install() {
  local fix="apt-get update && apt-get install -y --no-install-recommends $*"
  command -v apt-get >/dev/null || fail "missing libraries, and there is no apt-get here" "install the equivalents of: $*"
  say "installing $*"
  as_root apt-get update -qq || fail "cannot install $*" "as root: $fix"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 ||
    fail "cannot install $*" "as root: $fix"
}

# What a release is built with; docs/decisions/0006 says what each of them gives.
release_flags=(-c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
  -Xswiftc -use-ld=lld -Xlinker --strip-debug)

# build PRODUCT: builds it in release; sets `built` to the path of the program.
build() {
  say "building $1 (release)"
  swift build "${release_flags[@]}" --product "$1" >&2 || fail "$1 does not build" "read the compiler's message above"
  built="$(swift build "${release_flags[@]}" --show-bin-path)/$1"
}
