#!/bin/sh
# Installs what the tests of this folder need, for CI and for whoever wants to run them: pika, celery and bunny from Debian and amqplib
# from npm, the latter into a cache folder outside the repository (LEPUS_CLIENTS_CACHE, by default
# ~/.cache/lepus-clients), where the tests look for it. Does nothing when all is there. The tests skip what is missing,
# so a failure here need not stop a build.
#
#   sh integration/clients/install.sh
set -eu
cache=${LEPUS_CLIENTS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lepus-clients}

if ! /usr/bin/python3 -c 'import pika, celery' 2>/dev/null || ! ruby -e 'require "bunny"' 2>/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-pika python3-celery ruby ruby-bunny
fi

if [ ! -d "$cache/node_modules/amqplib" ]; then
  mkdir -p "$cache"
  npm install --prefix "$cache" --no-audit --no-fund --silent amqplib@0.10.9
fi

/usr/bin/python3 -c 'import pika, celery; print("pika", pika.__version__); print("celery", celery.__version__)'
ruby -e 'require "bunny"; puts "bunny #{Bunny::VERSION}"'
node -p "'amqplib ' + require('$cache/node_modules/amqplib/package.json').version"
