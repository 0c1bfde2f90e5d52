package amqp

// The replies about connections: log-in, tuning, virtual hosts, limits.

// LoginRefused is a failed authentication. The cause goes to the log only.
func LoginRefused(mechanism string) *Error {
	return Errorf(AccessRefused, "Login was refused using authentication mechanism %s. "+
		"For details see the broker logfile.", mechanism)
}

// TuneTooLow is a limit in connection.tune-ok below the least we accept. field
// is "frame_max" or "channel_max".
func TuneTooLow(field string, value, least uint32) *Error {
	return Errorf(NotAllowed, "negotiated %s = %d is lower than the minimum allowed value (%d)",
		field, value, least).For(ConnectionTuneID)
}

// TuneTooHigh is a limit in connection.tune-ok above what we offered; zero
// stands for no limit. field is "frame_max" or "channel_max".
func TuneTooHigh(field string, value, most uint32) *Error {
	detail := ""
	if value == 0 {
		detail = " (no limit)"
	}
	return Errorf(NotAllowed, "negotiated %s = %d%s is higher than the maximum allowed value (%d)",
		field, value, detail, most).For(ConnectionTuneID)
}

// NoVHost is a virtual host that does not exist.
func NoVHost(vhost string) *Error {
	return Errorf(NotAllowed, "vhost %s not found", vhost).For(ConnectionOpenID)
}

// VHostRefused is a virtual host that the user has no access to.
func VHostRefused(vhost, user string) *Error {
	return Errorf(NotAllowed, "access to vhost '%s' refused for user '%s'", vhost, user).For(ConnectionOpenID)
}

// VHostDown is a virtual host that is not running.
func VHostDown(vhost, user string) *Error {
	return Errorf(InternalError, "access to vhost '%s' refused for user '%s': vhost '%s' is down", vhost, user, vhost).
		For(ConnectionOpenID)
}

// VHostConnectionLimit is a connection too many in a virtual host.
func VHostConnectionLimit(vhost, user string, limit int) *Error {
	return Errorf(NotAllowed, "access to vhost '%s' refused for user '%s': connection limit (%d) is reached",
		vhost, user, limit).For(ConnectionOpenID)
}

// UserConnectionLimit is a connection too many of a user.
func UserConnectionLimit(user string, limit int) *Error {
	return Errorf(NotAllowed, "connection refused for user '%s': user connection limit (%d) is reached", user, limit).
		For(ConnectionOpenID)
}

// NodeConnectionLimit is a connection too many altogether.
func NodeConnectionLimit(limit int) *Error {
	return Errorf(NotAllowed, "connection refused: node connection limit (%d) is reached", limit).For(ConnectionOpenID)
}

// ChannelLimit is a channel too many on a connection.
func ChannelLimit(opened, channelMax int) *Error {
	return Errorf(NotAllowed, "number of channels opened (%d) has reached the negotiated channel_max (%d)",
		opened, channelMax)
}

// NodeChannelLimit is a channel too many on the node.
func NodeChannelLimit(limit int) *Error {
	return Errorf(NotAllowed, "number of channels opened on this node has reached the maximum allowed limit of (%d)", limit)
}

// UserChannelLimit is a channel too many of a user.
func UserChannelLimit(user string, limit int) *Error {
	return Errorf(NotAllowed, "number of channels opened for user '%s' has reached the maximum allowed user limit of (%d)",
		user, limit)
}

// WrongState is a method of the connection class that has no place in the
// state the connection is in: "starting", "tuning", "opening" or "running".
func WrongState(state string) *Error {
	return Errorf(ChannelError, "unexpected method in connection state %s", state)
}

// SecretRefused is a connection.update-secret that was not accepted.
func SecretRefused() *Error {
	return Errorf(NotAllowed, "New secret was refused by one of the backends").For(ConnectionUpdateSecretID)
}

// Forced is a connection closed by an operator or because the broker stops.
func Forced(reason string) *Error {
	return Errorf(ConnectionForced, "%s", reason)
}

// Internal is a failure of ours, about which the peer is told no more.
func Internal() *Error {
	return &Error{Code: InternalError}
}
