#!/bin/sh
# The image's entry point: runs what is asked for, the server if that is nothing
# or its flags only. It needs no root and makes nothing but the data's folder.
set -eu

case "${1:-}" in
'' | -*) set -- rabbitmq-server "$@" ;;
esac

if [ "$1" = rabbitmq-server ] && ! mkdir -p "$RABBITMQ_MNESIA_BASE"; then
	echo "$0: user $(id -u) with group $(id -g) cannot write to the volume; group 0 may, or set its owner" >&2
	exit 1
fi

exec "$@"
