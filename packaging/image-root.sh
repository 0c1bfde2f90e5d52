#!/bin/sh
# image-root.sh BINARY DIR: lays out in DIR what the image adds to busybox.
set -eu

[ $# -eq 2 ] || { echo "usage: $0 BINARY DIR" >&2; exit 64; }
binary=$1 root=$2
here=$(dirname "$0")

mkdir -p "$root/usr/bin" "$root/usr/local/bin" "$root/etc/rabbitmq/conf.d" "$root/var/lib/rabbitmq" "$root/var/log/rabbitmq" "$root/tmp"

cp "$binary" "$root/usr/bin/lepus"
chmod 755 "$root/usr/bin/lepus"
for name in rabbitmqctl rabbitmqadmin rabbitmq-diagnostics rabbitmq-plugins rabbitmq-queues rabbitmq-streams rabbitmq-upgrade rabbitmq-server; do
	ln -sf lepus "$root/usr/bin/$name"
done

cp "$here/docker-entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"

# As in RabbitMQ's image: in a container localhost is nobody.
echo 'loopback_users = none' >"$root/etc/rabbitmq/conf.d/10-defaults.conf"

# User 999, or any user of group 0, keeps data here.
echo 'root:x:0:0:root:/root:/bin/sh
rabbitmq:x:999:0:RabbitMQ:/var/lib/rabbitmq:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
chmod 775 "$root/etc/rabbitmq" "$root/etc/rabbitmq/conf.d" "$root/var/lib/rabbitmq" "$root/var/log/rabbitmq"
chmod 1777 "$root/tmp"
