package conf

import (
	"math"
	"strings"
	"time"

	"github.com/lepusmq/lepus/broker/session"
)

func limitKeys() []Key {
	const kind = "Queues"
	connections := func(to Target, n int) { to.Broker.MaxConnections = n }
	channels := func(to Target, n int) {
		if n == 0 {
			n = math.MaxUint16
		}
		to.Broker.ChannelMax = uint16(min(n, math.MaxUint16))
	}
	return []Key{
		{Pattern: "heartbeat", Reload: true, Default: "60", Doc: "how often clients are asked to give a sign of life; 0 is never", Type: span(time.Second, func(to Target, d time.Duration) { to.Broker.Heartbeat = d })},
		{Pattern: "frame_max", Reload: true, Default: "131072", Doc: "the size of the largest frame; 0 is as large as one can be", Type: sizeOr(math.MaxInt32, func(to Target, n int64) { to.Broker.FrameMax = uint32(min(n, math.MaxInt32)) })},
		{Pattern: "channel_max", Reload: true, Default: "2047", Group: "channel_max", Doc: "how many channels a connection may have; 0 is as many as there can be", Type: count(channels)},
		{Pattern: "max_channels_per_connection", Reload: true, Group: "channel_max", Doc: "the same as channel_max", Type: count(channels)},
		{Pattern: "channel_max_per_node", Default: "infinity", Reload: true, Doc: "how many channels there may be in all", Type: limit(func(to Target, n int) { to.Broker.MaxChannels = n })},
		{Pattern: "connection_max", Default: "infinity", Group: "connection_max", Reload: true, Doc: "how many connections there may be", Type: limit(connections)},
		{Pattern: "max_connections", Group: "connection_max", Reload: true, Doc: "the same as connection_max", Type: limit(connections)},
		{Pattern: "vhost_max", Default: "infinity", Reload: true, Doc: "how many virtual hosts there may be", Type: limit(func(to Target, n int) { to.Broker.MaxVHosts = n })},
		{Pattern: "consumer_max_per_channel", Default: "infinity", Reload: true, Doc: "how many consumers a channel may have", Type: limit(func(to Target, n int) { to.Broker.MaxConsumers = n })},
		{Pattern: "cluster_queue_limit", Default: "infinity", Reload: true, Doc: "how many queues there may be in all virtual hosts together", Type: limit(func(to Target, n int) { to.Broker.MaxQueues = n })},
		{Pattern: "cluster_exchange_limit", Default: "infinity", Reload: true, Doc: "how many exchanges there may be in all virtual hosts together, those included that every one has", Type: limit(func(to Target, n int) { to.Broker.MaxExchanges = n })},
		{Pattern: "max_message_size", Reload: true, Default: "16777216", Doc: "the size of the largest message", Type: size(func(to Target, n int64) { to.Broker.MaxMessageSize = uint64(min(n, maxMessageSize)) })},
		{
			Pattern: "consumer_timeout", Reload: true, Default: "30m", Flag: "consumer-timeout", Kind: kind, Type: span(time.Millisecond, func(to Target, d time.Duration) { to.Broker.ConsumerTimeout = d }),
			Doc: "let consumers keep a message without acking it for `TIME`, unless its queue says otherwise; 0 is for ever",
		},
		{
			Pattern: "consumer_timeout_cancels", Reload: true, Default: "false", Flag: "consumer-timeout-cancels", Kind: kind, Type: boolean(func(to Target, on bool) { to.Broker.ConsumerTimeoutCancels = on }),
			Doc: "cancel consumers that are late, as RabbitMQ 4.3 does, instead of closing their channels",
		},
		{
			Pattern: "default_queue_type", Default: "classic", Flag: "default-queue-type", Kind: kind, Type: text(func(to Target, s string) { to.Broker.DefaultQueueType = s }),
			Doc: "make a queue whose declaration does not say, and that can be one, a `TYPE` queue: classic or quorum",
		},
		{Pattern: "message_interceptors.incoming.set_header_timestamp.overwrite", Reload: true, Doc: "write the time into the property timestamp and the header timestamp_in_ms of each message that is published: if true also where the publisher has", Type: intercept(func(i *session.Interceptors) *session.Interception { return &i.Timestamp })},
		{Pattern: "message_interceptors.incoming.set_header_routing_node.overwrite", Reload: true, Doc: "write the node's name into the header x-routed-by of each message that is published: if true also where the publisher has", Type: intercept(func(i *session.Interceptors) *session.Interception { return &i.RoutingNode })},
		ignored("message_interceptors.**", "there are set_header_timestamp and set_header_routing_node, for messages that are published"),
		ignored("ranch_connection_max", "connection_max is the limit that counts"),
		ignored("initial_frame_max", "frames before the tuning may have 8 KiB"),
		ignored("session_max_per_connection", "there is no AMQP 1.0"),
		ignored("link_max_per_session", "there is no AMQP 1.0"),
		ignored("consumer_disconnected_timeout", "there are no clusters"),
	}
}

// intercept turns an interceptor on.
func intercept(which func(*session.Interceptors) *session.Interception) Value {
	return boolean(func(to Target, overwrite bool) {
		how := session.Add
		if overwrite {
			how = session.Overwrite
		}
		*which(&to.Broker.Interceptors) = how
	})
}

// maxMessageSize is the most that RabbitMQ lets be configured, too.
const maxMessageSize = 512 << 20

func storageKeys() []Key {
	const kind, group = "Storage", "disk_free_limit"
	set := func(to Target, l Level) { to.diskLimit = l }
	keys := []Key{
		{Pattern: "data_dir", Flag: "data-dir", Kind: kind, Doc: "keep messages and definitions in `FOLDER`", Type: file(func(to Target, s string) { to.Broker.DataDir = s })},
		{Pattern: "ephemeral", Default: "false", Flag: "ephemeral", Kind: kind, Doc: "keep everything in memory and ignore the data folder", Type: boolean(func(to Target, on bool) { to.Ephemeral = on })},
		{Pattern: "accept_log_loss", Default: "false", Flag: "accept-log-loss", Kind: kind, Doc: "start on a damaged log, without what the damage took", Type: boolean(func(to Target, on bool) { to.Broker.AcceptLogLoss = on })},
		{Pattern: "disk_free_limit.absolute", Group: group, Reload: true, Doc: "block publishers while there is less room on the disk; without this what fits the volume", Type: size(func(to Target, n int64) { set(to, Level{Amount: n}) })},
		{Pattern: "disk_free_limit.relative", Group: group, Reload: true, Doc: "the same, as a share of the memory", Type: share(100, set)},
		{Pattern: "load_definitions", Group: "definitions", Doc: "a file or folder with definitions in JSON that are imported at the start", Type: file(func(to Target, s string) { to.Broker.Definitions.Paths = append(to.Broker.Definitions.Paths, s) })},
		{Pattern: "management.load_definitions", Group: "definitions", Doc: "the same as load_definitions", Type: file(func(to Target, s string) { to.Broker.Definitions.Paths = append(to.Broker.Definitions.Paths, s) })},
		{Pattern: "definitions.local.path", Group: "definitions", Doc: "the same as load_definitions", Type: file(func(to Target, s string) { to.Broker.Definitions.Paths = append(to.Broker.Definitions.Paths, s) })},
		{Pattern: "definitions.https.url", Group: "definitions", Secret: true, Doc: "the web address of such a file, with http or https", Type: text(func(to Target, s string) { to.Broker.Definitions.URL = s })},
		{Pattern: "definitions.import_backend", Doc: "where definitions come from; with https definitions.https.url is needed", Type: choice(func(to Target, s string) { to.needsURL = strings.HasSuffix(s, "https") },
			"local_filesystem", "https", "rabbit_definitions_import_local_filesystem", "rabbit_definitions_import_https")},
		{Pattern: "definitions.skip_if_unchanged", Default: "false", Doc: "import definitions only if they are others than at the last start", Type: boolean(func(to Target, on bool) { to.Broker.Definitions.SkipUnchanged = on })},
		ignored("definitions.hashing.algorithm", "whether definitions are others is found out with SHA-256"),
	}
	return append(keys, clientTLS("definitions.tls", "the fetching of definitions", func(s *Settings) *clientFiles { return &s.definitionsTLS })...)
}

func memoryKeys() []Key {
	const kind, group = "Memory", "vm_memory_high_watermark"
	set := func(to Target, l Level) { to.watermark = l }
	return []Key{
		{
			Pattern: "total_memory_available_override_value", Flag: "memory-limit", Kind: kind, Type: size(func(to Target, n int64) { to.Broker.MemoryLimit = n }),
			Doc: "use `AMOUNT` of memory in all; without this what the machine or the cgroup has",
		},
		{
			Pattern: "vm_memory_high_watermark", Group: group, Flag: "vm-memory-high-watermark", Kind: kind, Reload: true, Type: level(1, set),
			Doc: "block publishers while more than `LEVEL` of memory is used: a share of the limit from 0 to 1, or an amount",
		},
		{Pattern: "vm_memory_high_watermark.relative", Group: group, Default: "0.6", Reload: true, Doc: "the same, as a share", Type: share(1, set)},
		{Pattern: "vm_memory_high_watermark.absolute", Group: group, Reload: true, Doc: "the same, as an amount", Type: size(func(to Target, n int64) { set(to, Level{Amount: n}) })},
		ignored("vm_memory_high_watermark_paging_ratio", "messages are always on disk, too"),
		ignored("vm_memory_calculation_strategy", "what counts is the process's own resident memory"),
		ignored("memory_monitor_interval", "memory is looked at four times a second"),
	}
}
