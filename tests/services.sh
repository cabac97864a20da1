#!/bin/sh
# What the tests want beside Python. Found: said. Missing: installed where CI=true, else said with the command for it.
set -eu

if command -v chromium >/dev/null 2>&1; then
  echo "Chromium: $(command -v chromium)"
elif [ "${CI:-}" = true ]; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null
  echo "Chromium: installed"
else
  echo "Chromium: MISSING. The tests of pages are skipped (apt-get install chromium)."
fi
