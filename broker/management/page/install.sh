#!/bin/sh
# Installs what builds the management page and tries it in a browser, for CI and for whoever wants to: the modules of
# package-lock.json, and Chromium from Debian. What cannot be installed, or does not work here, is left out: the tests skip
# it and say so.
#
#   sh broker/management/page/install.sh
set -u
cd "$(dirname "$0")"

modules() {
  npm ci --no-audit --no-fund --silent && node -e 'import("vite")' && node node_modules/typescript/bin/tsc --version >/dev/null
}

browser() {
  command -v chromium >/dev/null || {
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
  }
}

if ! modules; then
  echo "the page's Node modules cannot be installed: it is neither built again nor tried" >&2
  rm -rf node_modules
elif ! browser; then
  echo "Chromium cannot be installed: the page is not tried" >&2
fi
