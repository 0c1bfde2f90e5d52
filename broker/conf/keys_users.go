package conf

import (
	"strings"
	"time"

	"github.com/lepusmq/lepus/broker/auth"
)

func userKeys() []Key {
	const kind, first = "Users", ", of a broker that starts with nothing"
	keys := []Key{
		{Pattern: "default_user", Default: "guest", Doc: "the user" + first, Type: text(func(to Target, s string) { to.Broker.Seed.User = s })},
		{Pattern: "default_pass", Default: "guest", Secret: true, Doc: "that user's password", Type: text(func(to Target, s string) { to.Broker.Seed.Password = s })},
		{Pattern: "default_vhost", Default: "/", Doc: "the virtual host" + first, Type: text(func(to Target, s string) { to.Broker.Seed.VHost = s })},
		{Pattern: "default_user_tags.$tag", Default: "administrator=true", Doc: "that user's tags", Type: boolean(func(to Target, on bool) { put(&to.tags, to.Names[0], on) })},
		{Pattern: "default_permissions.configure", Default: ".*", Doc: "what that user may declare and delete", Type: text(func(to Target, s string) { to.Broker.Seed.Permission.Configure = s })},
		{Pattern: "default_permissions.write", Default: ".*", Doc: "where that user may publish to", Type: text(func(to Target, s string) { to.Broker.Seed.Permission.Write = s })},
		{Pattern: "default_permissions.read", Default: ".*", Doc: "where that user may consume from", Type: text(func(to Target, s string) { to.Broker.Seed.Permission.Read = s })},
		{
			Pattern: "loopback_users", Reload: true, Flag: "loopback-users", Kind: kind, Doc: "let `USER` log in from this machine only, guest unless something else is said; none lets everybody in from everywhere",
			Type: words(func(to Target, names []string) {
				for _, n := range names {
					if n != "none" {
						to.loopback[n] = true
					}
				}
			}),
		},
		{Pattern: "loopback_users.$user", Reload: true, Default: "guest=true", Doc: "whether that user may log in from this machine only", Type: boolean(func(to Target, on bool) { to.loopback[to.Names[0]] = on })},
		{
			Pattern: "auth_mechanisms.$n", Reload: true, Default: "1=PLAIN,2=AMQPLAIN", Doc: "the ways to log in, in the order in which clients are offered them: PLAIN, AMQPLAIN, EXTERNAL, ANONYMOUS",
			Type: text(func(to Target, s string) { to.mechanisms[to.Names[0]] = strings.ToUpper(s) }),
		},
		{Pattern: "anonymous_login_user", Reload: true, Default: "guest", Doc: "who logs in with ANONYMOUS", Type: text(func(to Target, s string) { to.Broker.AnonymousUser = s })},
		{Pattern: "anonymous_login_pass", Secret: true, Ignored: "who logs in with ANONYMOUS needs no password"},
		ignored("password_hashing_module", "new passwords are hashed with SHA-256"),
		ignored("credential_validator.**", "passwords are not judged"),
	}
	return append(keys, newVHostKeys()...)
}

// newVHostKeys are what new virtual hosts get.
func newVHostKeys() []Key {
	const policy = "operator policy of new virtual hosts: "
	option := func(key string, value func(func(Target, any)) Value, name string) Key {
		return Key{Pattern: "default_policies.operator.$id." + key, Reload: true, Doc: policy + name, Type: value(func(to Target, v any) {
			to.operatorPolicy(to.Names[0]).Definition[name] = v
		})}
	}
	amount := func(set func(Target, any)) Value { return count(func(to Target, n int) { set(to, float64(n)) }) }
	bytes := func(set func(Target, any)) Value { return size(func(to Target, n int64) { set(to, float64(n)) }) }
	time := func(set func(Target, any)) Value {
		return span(time.Millisecond, func(to Target, d time.Duration) { set(to, milliseconds(d)) })
	}
	return []Key{
		{Pattern: "default_users.$name.vhost_pattern", Reload: true, Doc: "in which new virtual hosts this user is made", Type: text(func(to Target, s string) { to.user().Names = s })},
		{Pattern: "default_users.$name.password", Reload: true, Secret: true, Doc: "its password; without one it cannot log in by one", Type: text(func(to Target, s string) { to.user().User.PasswordHash = auth.HashPassword(s) })},
		{Pattern: "default_users.$name.tags", Reload: true, Doc: "its tags", Type: words(func(to Target, tags []string) { to.user().User.Tags = tags })},
		{Pattern: "default_users.$name.configure", Reload: true, Doc: "what it may declare and delete there", Type: text(func(to Target, s string) { to.user().Permission.Configure = s })},
		{Pattern: "default_users.$name.write", Reload: true, Doc: "where it may publish to", Type: text(func(to Target, s string) { to.user().Permission.Write = s })},
		{Pattern: "default_users.$name.read", Reload: true, Doc: "where it may consume from", Type: text(func(to Target, s string) { to.user().Permission.Read = s })},
		{Pattern: "default_limits.vhosts.$id.pattern", Reload: true, Doc: "which new virtual hosts have these limits", Type: text(func(to Target, s string) { to.byDefault("limits", to.Names[0]).Names = s })},
		{Pattern: "default_limits.vhosts.$id.max_connections", Reload: true, Doc: "how many connections there may be", Type: count(func(to Target, n int) { to.byDefault("limits", to.Names[0]).MaxConnections = &n })},
		{Pattern: "default_limits.vhosts.$id.max_queues", Reload: true, Doc: "how many queues there may be", Type: count(func(to Target, n int) { to.byDefault("limits", to.Names[0]).MaxQueues = &n })},
		{Pattern: "default_policies.operator.$id.vhost_pattern", Reload: true, Doc: policy + "which of them", Type: text(func(to Target, s string) {
			to.operatorPolicy(to.Names[0])
			to.byDefault("operator", to.Names[0]).Names = s
		})},
		{Pattern: "default_policies.operator.$id.queue_pattern", Reload: true, Doc: policy + "which queues", Type: text(func(to Target, s string) { to.operatorPolicy(to.Names[0]).Pattern = s })},
		{Pattern: "default_policies.operator.$id.apply_to", Reload: true, Doc: policy + "which kind of queues", Type: text(func(to Target, s string) { to.operatorPolicy(to.Names[0]).ApplyTo = s })},
		option("expires", time, "expires"),
		option("message_ttl", time, "message-ttl"),
		option("max_length", amount, "max-length"),
		option("max_length_bytes", bytes, "max-length-bytes"),
		option("delivery_limit", amount, "delivery-limit"),
		ignored("default_policies.operator.**", "there is no such option"),
	}
}
