// Code generated from spec/amqp0-9-1.stripped.extended.xml of github.com/rabbitmq/amqp091-go; DO NOT EDIT.

package amqp

import "encoding/binary"

// The methods, by class and number.
const (
	ConnectionStartID          MethodID = 10<<16 | 10
	ConnectionStartOkID        MethodID = 10<<16 | 11
	ConnectionSecureID         MethodID = 10<<16 | 20
	ConnectionSecureOkID       MethodID = 10<<16 | 21
	ConnectionTuneID           MethodID = 10<<16 | 30
	ConnectionTuneOkID         MethodID = 10<<16 | 31
	ConnectionOpenID           MethodID = 10<<16 | 40
	ConnectionOpenOkID         MethodID = 10<<16 | 41
	ConnectionCloseID          MethodID = 10<<16 | 50
	ConnectionCloseOkID        MethodID = 10<<16 | 51
	ConnectionBlockedID        MethodID = 10<<16 | 60
	ConnectionUnblockedID      MethodID = 10<<16 | 61
	ConnectionUpdateSecretID   MethodID = 10<<16 | 70
	ConnectionUpdateSecretOkID MethodID = 10<<16 | 71
	ChannelOpenID              MethodID = 20<<16 | 10
	ChannelOpenOkID            MethodID = 20<<16 | 11
	ChannelFlowID              MethodID = 20<<16 | 20
	ChannelFlowOkID            MethodID = 20<<16 | 21
	ChannelCloseID             MethodID = 20<<16 | 40
	ChannelCloseOkID           MethodID = 20<<16 | 41
	AccessRequestID            MethodID = 30<<16 | 10
	AccessRequestOkID          MethodID = 30<<16 | 11
	ExchangeDeclareID          MethodID = 40<<16 | 10
	ExchangeDeclareOkID        MethodID = 40<<16 | 11
	ExchangeDeleteID           MethodID = 40<<16 | 20
	ExchangeDeleteOkID         MethodID = 40<<16 | 21
	ExchangeBindID             MethodID = 40<<16 | 30
	ExchangeBindOkID           MethodID = 40<<16 | 31
	ExchangeUnbindID           MethodID = 40<<16 | 40
	ExchangeUnbindOkID         MethodID = 40<<16 | 51
	QueueDeclareID             MethodID = 50<<16 | 10
	QueueDeclareOkID           MethodID = 50<<16 | 11
	QueueBindID                MethodID = 50<<16 | 20
	QueueBindOkID              MethodID = 50<<16 | 21
	QueuePurgeID               MethodID = 50<<16 | 30
	QueuePurgeOkID             MethodID = 50<<16 | 31
	QueueDeleteID              MethodID = 50<<16 | 40
	QueueDeleteOkID            MethodID = 50<<16 | 41
	QueueUnbindID              MethodID = 50<<16 | 50
	QueueUnbindOkID            MethodID = 50<<16 | 51
	BasicQosID                 MethodID = 60<<16 | 10
	BasicQosOkID               MethodID = 60<<16 | 11
	BasicConsumeID             MethodID = 60<<16 | 20
	BasicConsumeOkID           MethodID = 60<<16 | 21
	BasicCancelID              MethodID = 60<<16 | 30
	BasicCancelOkID            MethodID = 60<<16 | 31
	BasicPublishID             MethodID = 60<<16 | 40
	BasicReturnID              MethodID = 60<<16 | 50
	BasicDeliverID             MethodID = 60<<16 | 60
	BasicGetID                 MethodID = 60<<16 | 70
	BasicGetOkID               MethodID = 60<<16 | 71
	BasicGetEmptyID            MethodID = 60<<16 | 72
	BasicAckID                 MethodID = 60<<16 | 80
	BasicRejectID              MethodID = 60<<16 | 90
	BasicRecoverAsyncID        MethodID = 60<<16 | 100
	BasicRecoverID             MethodID = 60<<16 | 110
	BasicRecoverOkID           MethodID = 60<<16 | 111
	BasicNackID                MethodID = 60<<16 | 120
	ConfirmSelectID            MethodID = 85<<16 | 10
	ConfirmSelectOkID          MethodID = 85<<16 | 11
	TxSelectID                 MethodID = 90<<16 | 10
	TxSelectOkID               MethodID = 90<<16 | 11
	TxCommitID                 MethodID = 90<<16 | 20
	TxCommitOkID               MethodID = 90<<16 | 21
	TxRollbackID               MethodID = 90<<16 | 30
	TxRollbackOkID             MethodID = 90<<16 | 31
)

// methodName returns "" for a method that does not exist.
func methodName(id MethodID) string {
	switch id {
	case ConnectionStartID:
		return "connection.start"
	case ConnectionStartOkID:
		return "connection.start-ok"
	case ConnectionSecureID:
		return "connection.secure"
	case ConnectionSecureOkID:
		return "connection.secure-ok"
	case ConnectionTuneID:
		return "connection.tune"
	case ConnectionTuneOkID:
		return "connection.tune-ok"
	case ConnectionOpenID:
		return "connection.open"
	case ConnectionOpenOkID:
		return "connection.open-ok"
	case ConnectionCloseID:
		return "connection.close"
	case ConnectionCloseOkID:
		return "connection.close-ok"
	case ConnectionBlockedID:
		return "connection.blocked"
	case ConnectionUnblockedID:
		return "connection.unblocked"
	case ConnectionUpdateSecretID:
		return "connection.update-secret"
	case ConnectionUpdateSecretOkID:
		return "connection.update-secret-ok"
	case ChannelOpenID:
		return "channel.open"
	case ChannelOpenOkID:
		return "channel.open-ok"
	case ChannelFlowID:
		return "channel.flow"
	case ChannelFlowOkID:
		return "channel.flow-ok"
	case ChannelCloseID:
		return "channel.close"
	case ChannelCloseOkID:
		return "channel.close-ok"
	case AccessRequestID:
		return "access.request"
	case AccessRequestOkID:
		return "access.request-ok"
	case ExchangeDeclareID:
		return "exchange.declare"
	case ExchangeDeclareOkID:
		return "exchange.declare-ok"
	case ExchangeDeleteID:
		return "exchange.delete"
	case ExchangeDeleteOkID:
		return "exchange.delete-ok"
	case ExchangeBindID:
		return "exchange.bind"
	case ExchangeBindOkID:
		return "exchange.bind-ok"
	case ExchangeUnbindID:
		return "exchange.unbind"
	case ExchangeUnbindOkID:
		return "exchange.unbind-ok"
	case QueueDeclareID:
		return "queue.declare"
	case QueueDeclareOkID:
		return "queue.declare-ok"
	case QueueBindID:
		return "queue.bind"
	case QueueBindOkID:
		return "queue.bind-ok"
	case QueuePurgeID:
		return "queue.purge"
	case QueuePurgeOkID:
		return "queue.purge-ok"
	case QueueDeleteID:
		return "queue.delete"
	case QueueDeleteOkID:
		return "queue.delete-ok"
	case QueueUnbindID:
		return "queue.unbind"
	case QueueUnbindOkID:
		return "queue.unbind-ok"
	case BasicQosID:
		return "basic.qos"
	case BasicQosOkID:
		return "basic.qos-ok"
	case BasicConsumeID:
		return "basic.consume"
	case BasicConsumeOkID:
		return "basic.consume-ok"
	case BasicCancelID:
		return "basic.cancel"
	case BasicCancelOkID:
		return "basic.cancel-ok"
	case BasicPublishID:
		return "basic.publish"
	case BasicReturnID:
		return "basic.return"
	case BasicDeliverID:
		return "basic.deliver"
	case BasicGetID:
		return "basic.get"
	case BasicGetOkID:
		return "basic.get-ok"
	case BasicGetEmptyID:
		return "basic.get-empty"
	case BasicAckID:
		return "basic.ack"
	case BasicRejectID:
		return "basic.reject"
	case BasicRecoverAsyncID:
		return "basic.recover-async"
	case BasicRecoverID:
		return "basic.recover"
	case BasicRecoverOkID:
		return "basic.recover-ok"
	case BasicNackID:
		return "basic.nack"
	case ConfirmSelectID:
		return "confirm.select"
	case ConfirmSelectOkID:
		return "confirm.select-ok"
	case TxSelectID:
		return "tx.select"
	case TxSelectOkID:
		return "tx.select-ok"
	case TxCommitID:
		return "tx.commit"
	case TxCommitOkID:
		return "tx.commit-ok"
	case TxRollbackID:
		return "tx.rollback"
	case TxRollbackOkID:
		return "tx.rollback-ok"
	}
	return ""
}

// newMethod returns nil for a method that does not exist.
func newMethod(id MethodID) Method {
	switch id {
	case ConnectionStartID:
		return new(ConnectionStart)
	case ConnectionStartOkID:
		return new(ConnectionStartOk)
	case ConnectionSecureID:
		return new(ConnectionSecure)
	case ConnectionSecureOkID:
		return new(ConnectionSecureOk)
	case ConnectionTuneID:
		return new(ConnectionTune)
	case ConnectionTuneOkID:
		return new(ConnectionTuneOk)
	case ConnectionOpenID:
		return new(ConnectionOpen)
	case ConnectionOpenOkID:
		return new(ConnectionOpenOk)
	case ConnectionCloseID:
		return new(ConnectionClose)
	case ConnectionCloseOkID:
		return new(ConnectionCloseOk)
	case ConnectionBlockedID:
		return new(ConnectionBlocked)
	case ConnectionUnblockedID:
		return new(ConnectionUnblocked)
	case ConnectionUpdateSecretID:
		return new(ConnectionUpdateSecret)
	case ConnectionUpdateSecretOkID:
		return new(ConnectionUpdateSecretOk)
	case ChannelOpenID:
		return new(ChannelOpen)
	case ChannelOpenOkID:
		return new(ChannelOpenOk)
	case ChannelFlowID:
		return new(ChannelFlow)
	case ChannelFlowOkID:
		return new(ChannelFlowOk)
	case ChannelCloseID:
		return new(ChannelClose)
	case ChannelCloseOkID:
		return new(ChannelCloseOk)
	case AccessRequestID:
		return new(AccessRequest)
	case AccessRequestOkID:
		return new(AccessRequestOk)
	case ExchangeDeclareID:
		return new(ExchangeDeclare)
	case ExchangeDeclareOkID:
		return new(ExchangeDeclareOk)
	case ExchangeDeleteID:
		return new(ExchangeDelete)
	case ExchangeDeleteOkID:
		return new(ExchangeDeleteOk)
	case ExchangeBindID:
		return new(ExchangeBind)
	case ExchangeBindOkID:
		return new(ExchangeBindOk)
	case ExchangeUnbindID:
		return new(ExchangeUnbind)
	case ExchangeUnbindOkID:
		return new(ExchangeUnbindOk)
	case QueueDeclareID:
		return new(QueueDeclare)
	case QueueDeclareOkID:
		return new(QueueDeclareOk)
	case QueueBindID:
		return new(QueueBind)
	case QueueBindOkID:
		return new(QueueBindOk)
	case QueuePurgeID:
		return new(QueuePurge)
	case QueuePurgeOkID:
		return new(QueuePurgeOk)
	case QueueDeleteID:
		return new(QueueDelete)
	case QueueDeleteOkID:
		return new(QueueDeleteOk)
	case QueueUnbindID:
		return new(QueueUnbind)
	case QueueUnbindOkID:
		return new(QueueUnbindOk)
	case BasicQosID:
		return new(BasicQos)
	case BasicQosOkID:
		return new(BasicQosOk)
	case BasicConsumeID:
		return new(BasicConsume)
	case BasicConsumeOkID:
		return new(BasicConsumeOk)
	case BasicCancelID:
		return new(BasicCancel)
	case BasicCancelOkID:
		return new(BasicCancelOk)
	case BasicPublishID:
		return new(BasicPublish)
	case BasicReturnID:
		return new(BasicReturn)
	case BasicDeliverID:
		return new(BasicDeliver)
	case BasicGetID:
		return new(BasicGet)
	case BasicGetOkID:
		return new(BasicGetOk)
	case BasicGetEmptyID:
		return new(BasicGetEmpty)
	case BasicAckID:
		return new(BasicAck)
	case BasicRejectID:
		return new(BasicReject)
	case BasicRecoverAsyncID:
		return new(BasicRecoverAsync)
	case BasicRecoverID:
		return new(BasicRecover)
	case BasicRecoverOkID:
		return new(BasicRecoverOk)
	case BasicNackID:
		return new(BasicNack)
	case ConfirmSelectID:
		return new(ConfirmSelect)
	case ConfirmSelectOkID:
		return new(ConfirmSelectOk)
	case TxSelectID:
		return new(TxSelect)
	case TxSelectOkID:
		return new(TxSelectOk)
	case TxCommitID:
		return new(TxCommit)
	case TxCommitOkID:
		return new(TxCommitOk)
	case TxRollbackID:
		return new(TxRollback)
	case TxRollbackOkID:
		return new(TxRollbackOk)
	}
	return nil
}

// ConnectionStart is connection.start.
type ConnectionStart struct {
	VersionMajor     uint8
	VersionMinor     uint8
	ServerProperties Table
	Mechanisms       string
	Locales          string
}

func (*ConnectionStart) ID() MethodID { return ConnectionStartID }

func (m *ConnectionStart) Append(dst []byte) []byte {
	dst = append(dst, 0, 10, 0, 10)
	dst = append(dst, m.VersionMajor)
	dst = append(dst, m.VersionMinor)
	dst = m.ServerProperties.Append(dst)
	dst = appendLongstr(dst, m.Mechanisms)
	return appendLongstr(dst, m.Locales)
}

func (m *ConnectionStart) Decode(args []byte) error {
	r := reader{b: args}
	m.VersionMajor = r.octet()
	m.VersionMinor = r.octet()
	m.ServerProperties = r.table()
	m.Mechanisms = r.longstr()
	m.Locales = r.longstr()
	return r.done(ConnectionStartID, args)
}

// ConnectionStartOk is connection.start-ok.
type ConnectionStartOk struct {
	ClientProperties Table
	Mechanism        string
	Response         string
	Locale           string
}

func (*ConnectionStartOk) ID() MethodID { return ConnectionStartOkID }

func (m *ConnectionStartOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 10, 0, 11)
	dst = m.ClientProperties.Append(dst)
	dst = appendShortstr(dst, m.Mechanism)
	dst = appendLongstr(dst, m.Response)
	return appendShortstr(dst, m.Locale)
}

func (m *ConnectionStartOk) Decode(args []byte) error {
	r := reader{b: args}
	m.ClientProperties = r.table()
	m.Mechanism = r.shortstr()
	m.Response = r.longstr()
	m.Locale = r.shortstr()
	return r.done(ConnectionStartOkID, args)
}

// ConnectionSecure is connection.secure.
type ConnectionSecure struct {
	Challenge string
}

func (*ConnectionSecure) ID() MethodID { return ConnectionSecureID }

func (m *ConnectionSecure) Append(dst []byte) []byte {
	dst = append(dst, 0, 10, 0, 20)
	return appendLongstr(dst, m.Challenge)
}

func (m *ConnectionSecure) Decode(args []byte) error {
	r := reader{b: args}
	m.Challenge = r.longstr()
	return r.done(ConnectionSecureID, args)
}

// ConnectionSecureOk is connection.secure-ok.
type ConnectionSecureOk struct {
	Response string
}

func (*ConnectionSecureOk) ID() MethodID { return ConnectionSecureOkID }

func (m *ConnectionSecureOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 10, 0, 21)
	return appendLongstr(dst, m.Response)
}

func (m *ConnectionSecureOk) Decode(args []byte) error {
	r := reader{b: args}
	m.Response = r.longstr()
	return r.done(ConnectionSecureOkID, args)
}

// ConnectionTune is connection.tune.
type ConnectionTune struct {
	ChannelMax uint16
	FrameMax   uint32
	Heartbeat  uint16
}

func (*ConnectionTune) ID() MethodID { return ConnectionTuneID }

func (m *ConnectionTune) Append(dst []byte) []byte {
	dst = append(dst, 0, 10, 0, 30)
	dst = binary.BigEndian.AppendUint16(dst, m.ChannelMax)
	dst = binary.BigEndian.AppendUint32(dst, m.FrameMax)
	return binary.BigEndian.AppendUint16(dst, m.Heartbeat)
}

func (m *ConnectionTune) Decode(args []byte) error {
	r := reader{b: args}
	m.ChannelMax = r.short()
	m.FrameMax = r.long()
	m.Heartbeat = r.short()
	return r.done(ConnectionTuneID, args)
}

// ConnectionTuneOk is connection.tune-ok.
type ConnectionTuneOk struct {
	ChannelMax uint16
	FrameMax   uint32
	Heartbeat  uint16
}

func (*ConnectionTuneOk) ID() MethodID { return ConnectionTuneOkID }

func (m *ConnectionTuneOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 10, 0, 31)
	dst = binary.BigEndian.AppendUint16(dst, m.ChannelMax)
	dst = binary.BigEndian.AppendUint32(dst, m.FrameMax)
	return binary.BigEndian.AppendUint16(dst, m.Heartbeat)
}

func (m *ConnectionTuneOk) Decode(args []byte) error {
	r := reader{b: args}
	m.ChannelMax = r.short()
	m.FrameMax = r.long()
	m.Heartbeat = r.short()
	return r.done(ConnectionTuneOkID, args)
}

// ConnectionOpen is connection.open.
type ConnectionOpen struct {
	VirtualHost string
}

func (*ConnectionOpen) ID() MethodID { return ConnectionOpenID }

func (m *ConnectionOpen) Append(dst []byte) []byte {
	dst = append(dst, 0, 10, 0, 40)
	dst = appendShortstr(dst, m.VirtualHost)
	return append(dst, 0, 0)
}

func (m *ConnectionOpen) Decode(args []byte) error {
	r := reader{b: args}
	m.VirtualHost = r.shortstr()
	r.shortstr()
	r.octet()
	return r.done(ConnectionOpenID, args)
}

// ConnectionOpenOk is connection.open-ok.
type ConnectionOpenOk struct{}

func (*ConnectionOpenOk) ID() MethodID { return ConnectionOpenOkID }

func (*ConnectionOpenOk) Append(dst []byte) []byte {
	return append(dst, 0, 10, 0, 41, 0)
}

func (*ConnectionOpenOk) Decode(args []byte) error {
	r := reader{b: args}
	r.shortstr()
	return r.done(ConnectionOpenOkID, args)
}

// ConnectionClose is connection.close.
type ConnectionClose struct {
	ReplyCode uint16
	ReplyText string
	ClassID   uint16
	MethodID  uint16
}

func (*ConnectionClose) ID() MethodID { return ConnectionCloseID }

func (m *ConnectionClose) Append(dst []byte) []byte {
	dst = append(dst, 0, 10, 0, 50)
	dst = binary.BigEndian.AppendUint16(dst, m.ReplyCode)
	dst = appendShortstr(dst, m.ReplyText)
	dst = binary.BigEndian.AppendUint16(dst, m.ClassID)
	return binary.BigEndian.AppendUint16(dst, m.MethodID)
}

func (m *ConnectionClose) Decode(args []byte) error {
	r := reader{b: args}
	m.ReplyCode = r.short()
	m.ReplyText = r.shortstr()
	m.ClassID = r.short()
	m.MethodID = r.short()
	return r.done(ConnectionCloseID, args)
}

// ConnectionCloseOk is connection.close-ok.
type ConnectionCloseOk struct{}

func (*ConnectionCloseOk) ID() MethodID { return ConnectionCloseOkID }

func (*ConnectionCloseOk) Append(dst []byte) []byte {
	return append(dst, 0, 10, 0, 51)
}

func (*ConnectionCloseOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(ConnectionCloseOkID, args)
}

// ConnectionBlocked is connection.blocked.
type ConnectionBlocked struct {
	Reason string
}

func (*ConnectionBlocked) ID() MethodID { return ConnectionBlockedID }

func (m *ConnectionBlocked) Append(dst []byte) []byte {
	dst = append(dst, 0, 10, 0, 60)
	return appendShortstr(dst, m.Reason)
}

func (m *ConnectionBlocked) Decode(args []byte) error {
	r := reader{b: args}
	m.Reason = r.shortstr()
	return r.done(ConnectionBlockedID, args)
}

// ConnectionUnblocked is connection.unblocked.
type ConnectionUnblocked struct{}

func (*ConnectionUnblocked) ID() MethodID { return ConnectionUnblockedID }

func (*ConnectionUnblocked) Append(dst []byte) []byte {
	return append(dst, 0, 10, 0, 61)
}

func (*ConnectionUnblocked) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(ConnectionUnblockedID, args)
}

// ConnectionUpdateSecret is connection.update-secret.
type ConnectionUpdateSecret struct {
	NewSecret string
	Reason    string
}

func (*ConnectionUpdateSecret) ID() MethodID { return ConnectionUpdateSecretID }

func (m *ConnectionUpdateSecret) Append(dst []byte) []byte {
	dst = append(dst, 0, 10, 0, 70)
	dst = appendLongstr(dst, m.NewSecret)
	return appendShortstr(dst, m.Reason)
}

func (m *ConnectionUpdateSecret) Decode(args []byte) error {
	r := reader{b: args}
	m.NewSecret = r.longstr()
	m.Reason = r.shortstr()
	return r.done(ConnectionUpdateSecretID, args)
}

// ConnectionUpdateSecretOk is connection.update-secret-ok.
type ConnectionUpdateSecretOk struct{}

func (*ConnectionUpdateSecretOk) ID() MethodID { return ConnectionUpdateSecretOkID }

func (*ConnectionUpdateSecretOk) Append(dst []byte) []byte {
	return append(dst, 0, 10, 0, 71)
}

func (*ConnectionUpdateSecretOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(ConnectionUpdateSecretOkID, args)
}

// ChannelOpen is channel.open.
type ChannelOpen struct{}

func (*ChannelOpen) ID() MethodID { return ChannelOpenID }

func (*ChannelOpen) Append(dst []byte) []byte {
	return append(dst, 0, 20, 0, 10, 0)
}

func (*ChannelOpen) Decode(args []byte) error {
	r := reader{b: args}
	r.shortstr()
	return r.done(ChannelOpenID, args)
}

// ChannelOpenOk is channel.open-ok.
type ChannelOpenOk struct{}

func (*ChannelOpenOk) ID() MethodID { return ChannelOpenOkID }

func (*ChannelOpenOk) Append(dst []byte) []byte {
	return append(dst, 0, 20, 0, 11, 0, 0, 0, 0)
}

func (*ChannelOpenOk) Decode(args []byte) error {
	r := reader{b: args}
	r.longstr()
	return r.done(ChannelOpenOkID, args)
}

// ChannelFlow is channel.flow.
type ChannelFlow struct {
	Active bool
}

func (*ChannelFlow) ID() MethodID { return ChannelFlowID }

func (m *ChannelFlow) Append(dst []byte) []byte {
	dst = append(dst, 0, 20, 0, 20)
	return append(dst, bit(m.Active))
}

func (m *ChannelFlow) Decode(args []byte) error {
	r := reader{b: args}
	m.Active = r.octet()&1 != 0
	return r.done(ChannelFlowID, args)
}

// ChannelFlowOk is channel.flow-ok.
type ChannelFlowOk struct {
	Active bool
}

func (*ChannelFlowOk) ID() MethodID { return ChannelFlowOkID }

func (m *ChannelFlowOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 20, 0, 21)
	return append(dst, bit(m.Active))
}

func (m *ChannelFlowOk) Decode(args []byte) error {
	r := reader{b: args}
	m.Active = r.octet()&1 != 0
	return r.done(ChannelFlowOkID, args)
}

// ChannelClose is channel.close.
type ChannelClose struct {
	ReplyCode uint16
	ReplyText string
	ClassID   uint16
	MethodID  uint16
}

func (*ChannelClose) ID() MethodID { return ChannelCloseID }

func (m *ChannelClose) Append(dst []byte) []byte {
	dst = append(dst, 0, 20, 0, 40)
	dst = binary.BigEndian.AppendUint16(dst, m.ReplyCode)
	dst = appendShortstr(dst, m.ReplyText)
	dst = binary.BigEndian.AppendUint16(dst, m.ClassID)
	return binary.BigEndian.AppendUint16(dst, m.MethodID)
}

func (m *ChannelClose) Decode(args []byte) error {
	r := reader{b: args}
	m.ReplyCode = r.short()
	m.ReplyText = r.shortstr()
	m.ClassID = r.short()
	m.MethodID = r.short()
	return r.done(ChannelCloseID, args)
}

// ChannelCloseOk is channel.close-ok.
type ChannelCloseOk struct{}

func (*ChannelCloseOk) ID() MethodID { return ChannelCloseOkID }

func (*ChannelCloseOk) Append(dst []byte) []byte {
	return append(dst, 0, 20, 0, 41)
}

func (*ChannelCloseOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(ChannelCloseOkID, args)
}

// AccessRequest is access.request.
type AccessRequest struct {
	Realm     string
	Exclusive bool
	Passive   bool
	Active    bool
	Write     bool
	Read      bool
}

func (*AccessRequest) ID() MethodID { return AccessRequestID }

func (m *AccessRequest) Append(dst []byte) []byte {
	dst = append(dst, 0, 30, 0, 10)
	dst = appendShortstr(dst, m.Realm)
	return append(dst, bit(m.Exclusive)|bit(m.Passive)<<1|bit(m.Active)<<2|bit(m.Write)<<3|bit(m.Read)<<4)
}

func (m *AccessRequest) Decode(args []byte) error {
	r := reader{b: args}
	m.Realm = r.shortstr()
	bits := r.octet()
	m.Exclusive = bits&1 != 0
	m.Passive = bits&2 != 0
	m.Active = bits&4 != 0
	m.Write = bits&8 != 0
	m.Read = bits&16 != 0
	return r.done(AccessRequestID, args)
}

// AccessRequestOk is access.request-ok.
type AccessRequestOk struct {
	Ticket uint16
}

func (*AccessRequestOk) ID() MethodID { return AccessRequestOkID }

func (m *AccessRequestOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 30, 0, 11)
	return binary.BigEndian.AppendUint16(dst, m.Ticket)
}

func (m *AccessRequestOk) Decode(args []byte) error {
	r := reader{b: args}
	m.Ticket = r.short()
	return r.done(AccessRequestOkID, args)
}

// ExchangeDeclare is exchange.declare.
type ExchangeDeclare struct {
	Exchange   string
	Type       string
	Passive    bool
	Durable    bool
	AutoDelete bool
	Internal   bool
	NoWait     bool
	Arguments  Table
}

func (*ExchangeDeclare) ID() MethodID { return ExchangeDeclareID }

func (m *ExchangeDeclare) Append(dst []byte) []byte {
	dst = append(dst, 0, 40, 0, 10, 0, 0)
	dst = appendShortstr(dst, m.Exchange)
	dst = appendShortstr(dst, m.Type)
	dst = append(dst, bit(m.Passive)|bit(m.Durable)<<1|bit(m.AutoDelete)<<2|bit(m.Internal)<<3|bit(m.NoWait)<<4)
	return m.Arguments.Append(dst)
}

func (m *ExchangeDeclare) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Exchange = r.shortstr()
	m.Type = r.shortstr()
	bits := r.octet()
	m.Passive = bits&1 != 0
	m.Durable = bits&2 != 0
	m.AutoDelete = bits&4 != 0
	m.Internal = bits&8 != 0
	m.NoWait = bits&16 != 0
	m.Arguments = r.table()
	return r.done(ExchangeDeclareID, args)
}

// ExchangeDeclareOk is exchange.declare-ok.
type ExchangeDeclareOk struct{}

func (*ExchangeDeclareOk) ID() MethodID { return ExchangeDeclareOkID }

func (*ExchangeDeclareOk) Append(dst []byte) []byte {
	return append(dst, 0, 40, 0, 11)
}

func (*ExchangeDeclareOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(ExchangeDeclareOkID, args)
}

// ExchangeDelete is exchange.delete.
type ExchangeDelete struct {
	Exchange string
	IfUnused bool
	NoWait   bool
}

func (*ExchangeDelete) ID() MethodID { return ExchangeDeleteID }

func (m *ExchangeDelete) Append(dst []byte) []byte {
	dst = append(dst, 0, 40, 0, 20, 0, 0)
	dst = appendShortstr(dst, m.Exchange)
	return append(dst, bit(m.IfUnused)|bit(m.NoWait)<<1)
}

func (m *ExchangeDelete) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Exchange = r.shortstr()
	bits := r.octet()
	m.IfUnused = bits&1 != 0
	m.NoWait = bits&2 != 0
	return r.done(ExchangeDeleteID, args)
}

// ExchangeDeleteOk is exchange.delete-ok.
type ExchangeDeleteOk struct{}

func (*ExchangeDeleteOk) ID() MethodID { return ExchangeDeleteOkID }

func (*ExchangeDeleteOk) Append(dst []byte) []byte {
	return append(dst, 0, 40, 0, 21)
}

func (*ExchangeDeleteOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(ExchangeDeleteOkID, args)
}

// ExchangeBind is exchange.bind.
type ExchangeBind struct {
	Destination string
	Source      string
	RoutingKey  string
	NoWait      bool
	Arguments   Table
}

func (*ExchangeBind) ID() MethodID { return ExchangeBindID }

func (m *ExchangeBind) Append(dst []byte) []byte {
	dst = append(dst, 0, 40, 0, 30, 0, 0)
	dst = appendShortstr(dst, m.Destination)
	dst = appendShortstr(dst, m.Source)
	dst = appendShortstr(dst, m.RoutingKey)
	dst = append(dst, bit(m.NoWait))
	return m.Arguments.Append(dst)
}

func (m *ExchangeBind) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Destination = r.shortstr()
	m.Source = r.shortstr()
	m.RoutingKey = r.shortstr()
	m.NoWait = r.octet()&1 != 0
	m.Arguments = r.table()
	return r.done(ExchangeBindID, args)
}

// ExchangeBindOk is exchange.bind-ok.
type ExchangeBindOk struct{}

func (*ExchangeBindOk) ID() MethodID { return ExchangeBindOkID }

func (*ExchangeBindOk) Append(dst []byte) []byte {
	return append(dst, 0, 40, 0, 31)
}

func (*ExchangeBindOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(ExchangeBindOkID, args)
}

// ExchangeUnbind is exchange.unbind.
type ExchangeUnbind struct {
	Destination string
	Source      string
	RoutingKey  string
	NoWait      bool
	Arguments   Table
}

func (*ExchangeUnbind) ID() MethodID { return ExchangeUnbindID }

func (m *ExchangeUnbind) Append(dst []byte) []byte {
	dst = append(dst, 0, 40, 0, 40, 0, 0)
	dst = appendShortstr(dst, m.Destination)
	dst = appendShortstr(dst, m.Source)
	dst = appendShortstr(dst, m.RoutingKey)
	dst = append(dst, bit(m.NoWait))
	return m.Arguments.Append(dst)
}

func (m *ExchangeUnbind) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Destination = r.shortstr()
	m.Source = r.shortstr()
	m.RoutingKey = r.shortstr()
	m.NoWait = r.octet()&1 != 0
	m.Arguments = r.table()
	return r.done(ExchangeUnbindID, args)
}

// ExchangeUnbindOk is exchange.unbind-ok.
type ExchangeUnbindOk struct{}

func (*ExchangeUnbindOk) ID() MethodID { return ExchangeUnbindOkID }

func (*ExchangeUnbindOk) Append(dst []byte) []byte {
	return append(dst, 0, 40, 0, 51)
}

func (*ExchangeUnbindOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(ExchangeUnbindOkID, args)
}

// QueueDeclare is queue.declare.
type QueueDeclare struct {
	Queue      string
	Passive    bool
	Durable    bool
	Exclusive  bool
	AutoDelete bool
	NoWait     bool
	Arguments  Table
}

func (*QueueDeclare) ID() MethodID { return QueueDeclareID }

func (m *QueueDeclare) Append(dst []byte) []byte {
	dst = append(dst, 0, 50, 0, 10, 0, 0)
	dst = appendShortstr(dst, m.Queue)
	dst = append(dst, bit(m.Passive)|bit(m.Durable)<<1|bit(m.Exclusive)<<2|bit(m.AutoDelete)<<3|bit(m.NoWait)<<4)
	return m.Arguments.Append(dst)
}

func (m *QueueDeclare) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Queue = r.shortstr()
	bits := r.octet()
	m.Passive = bits&1 != 0
	m.Durable = bits&2 != 0
	m.Exclusive = bits&4 != 0
	m.AutoDelete = bits&8 != 0
	m.NoWait = bits&16 != 0
	m.Arguments = r.table()
	return r.done(QueueDeclareID, args)
}

// QueueDeclareOk is queue.declare-ok.
type QueueDeclareOk struct {
	Queue         string
	MessageCount  uint32
	ConsumerCount uint32
}

func (*QueueDeclareOk) ID() MethodID { return QueueDeclareOkID }

func (m *QueueDeclareOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 50, 0, 11)
	dst = appendShortstr(dst, m.Queue)
	dst = binary.BigEndian.AppendUint32(dst, m.MessageCount)
	return binary.BigEndian.AppendUint32(dst, m.ConsumerCount)
}

func (m *QueueDeclareOk) Decode(args []byte) error {
	r := reader{b: args}
	m.Queue = r.shortstr()
	m.MessageCount = r.long()
	m.ConsumerCount = r.long()
	return r.done(QueueDeclareOkID, args)
}

// QueueBind is queue.bind.
type QueueBind struct {
	Queue      string
	Exchange   string
	RoutingKey string
	NoWait     bool
	Arguments  Table
}

func (*QueueBind) ID() MethodID { return QueueBindID }

func (m *QueueBind) Append(dst []byte) []byte {
	dst = append(dst, 0, 50, 0, 20, 0, 0)
	dst = appendShortstr(dst, m.Queue)
	dst = appendShortstr(dst, m.Exchange)
	dst = appendShortstr(dst, m.RoutingKey)
	dst = append(dst, bit(m.NoWait))
	return m.Arguments.Append(dst)
}

func (m *QueueBind) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Queue = r.shortstr()
	m.Exchange = r.shortstr()
	m.RoutingKey = r.shortstr()
	m.NoWait = r.octet()&1 != 0
	m.Arguments = r.table()
	return r.done(QueueBindID, args)
}

// QueueBindOk is queue.bind-ok.
type QueueBindOk struct{}

func (*QueueBindOk) ID() MethodID { return QueueBindOkID }

func (*QueueBindOk) Append(dst []byte) []byte {
	return append(dst, 0, 50, 0, 21)
}

func (*QueueBindOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(QueueBindOkID, args)
}

// QueuePurge is queue.purge.
type QueuePurge struct {
	Queue  string
	NoWait bool
}

func (*QueuePurge) ID() MethodID { return QueuePurgeID }

func (m *QueuePurge) Append(dst []byte) []byte {
	dst = append(dst, 0, 50, 0, 30, 0, 0)
	dst = appendShortstr(dst, m.Queue)
	return append(dst, bit(m.NoWait))
}

func (m *QueuePurge) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Queue = r.shortstr()
	m.NoWait = r.octet()&1 != 0
	return r.done(QueuePurgeID, args)
}

// QueuePurgeOk is queue.purge-ok.
type QueuePurgeOk struct {
	MessageCount uint32
}

func (*QueuePurgeOk) ID() MethodID { return QueuePurgeOkID }

func (m *QueuePurgeOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 50, 0, 31)
	return binary.BigEndian.AppendUint32(dst, m.MessageCount)
}

func (m *QueuePurgeOk) Decode(args []byte) error {
	r := reader{b: args}
	m.MessageCount = r.long()
	return r.done(QueuePurgeOkID, args)
}

// QueueDelete is queue.delete.
type QueueDelete struct {
	Queue    string
	IfUnused bool
	IfEmpty  bool
	NoWait   bool
}

func (*QueueDelete) ID() MethodID { return QueueDeleteID }

func (m *QueueDelete) Append(dst []byte) []byte {
	dst = append(dst, 0, 50, 0, 40, 0, 0)
	dst = appendShortstr(dst, m.Queue)
	return append(dst, bit(m.IfUnused)|bit(m.IfEmpty)<<1|bit(m.NoWait)<<2)
}

func (m *QueueDelete) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Queue = r.shortstr()
	bits := r.octet()
	m.IfUnused = bits&1 != 0
	m.IfEmpty = bits&2 != 0
	m.NoWait = bits&4 != 0
	return r.done(QueueDeleteID, args)
}

// QueueDeleteOk is queue.delete-ok.
type QueueDeleteOk struct {
	MessageCount uint32
}

func (*QueueDeleteOk) ID() MethodID { return QueueDeleteOkID }

func (m *QueueDeleteOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 50, 0, 41)
	return binary.BigEndian.AppendUint32(dst, m.MessageCount)
}

func (m *QueueDeleteOk) Decode(args []byte) error {
	r := reader{b: args}
	m.MessageCount = r.long()
	return r.done(QueueDeleteOkID, args)
}

// QueueUnbind is queue.unbind.
type QueueUnbind struct {
	Queue      string
	Exchange   string
	RoutingKey string
	Arguments  Table
}

func (*QueueUnbind) ID() MethodID { return QueueUnbindID }

func (m *QueueUnbind) Append(dst []byte) []byte {
	dst = append(dst, 0, 50, 0, 50, 0, 0)
	dst = appendShortstr(dst, m.Queue)
	dst = appendShortstr(dst, m.Exchange)
	dst = appendShortstr(dst, m.RoutingKey)
	return m.Arguments.Append(dst)
}

func (m *QueueUnbind) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Queue = r.shortstr()
	m.Exchange = r.shortstr()
	m.RoutingKey = r.shortstr()
	m.Arguments = r.table()
	return r.done(QueueUnbindID, args)
}

// QueueUnbindOk is queue.unbind-ok.
type QueueUnbindOk struct{}

func (*QueueUnbindOk) ID() MethodID { return QueueUnbindOkID }

func (*QueueUnbindOk) Append(dst []byte) []byte {
	return append(dst, 0, 50, 0, 51)
}

func (*QueueUnbindOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(QueueUnbindOkID, args)
}

// BasicQos is basic.qos.
type BasicQos struct {
	PrefetchSize  uint32
	PrefetchCount uint16
	Global        bool
}

func (*BasicQos) ID() MethodID { return BasicQosID }

func (m *BasicQos) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 10)
	dst = binary.BigEndian.AppendUint32(dst, m.PrefetchSize)
	dst = binary.BigEndian.AppendUint16(dst, m.PrefetchCount)
	return append(dst, bit(m.Global))
}

func (m *BasicQos) Decode(args []byte) error {
	r := reader{b: args}
	m.PrefetchSize = r.long()
	m.PrefetchCount = r.short()
	m.Global = r.octet()&1 != 0
	return r.done(BasicQosID, args)
}

// BasicQosOk is basic.qos-ok.
type BasicQosOk struct{}

func (*BasicQosOk) ID() MethodID { return BasicQosOkID }

func (*BasicQosOk) Append(dst []byte) []byte {
	return append(dst, 0, 60, 0, 11)
}

func (*BasicQosOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(BasicQosOkID, args)
}

// BasicConsume is basic.consume.
type BasicConsume struct {
	Queue       string
	ConsumerTag string
	NoLocal     bool
	NoAck       bool
	Exclusive   bool
	NoWait      bool
	Arguments   Table
}

func (*BasicConsume) ID() MethodID { return BasicConsumeID }

func (m *BasicConsume) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 20, 0, 0)
	dst = appendShortstr(dst, m.Queue)
	dst = appendShortstr(dst, m.ConsumerTag)
	dst = append(dst, bit(m.NoLocal)|bit(m.NoAck)<<1|bit(m.Exclusive)<<2|bit(m.NoWait)<<3)
	return m.Arguments.Append(dst)
}

func (m *BasicConsume) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Queue = r.shortstr()
	m.ConsumerTag = r.shortstr()
	bits := r.octet()
	m.NoLocal = bits&1 != 0
	m.NoAck = bits&2 != 0
	m.Exclusive = bits&4 != 0
	m.NoWait = bits&8 != 0
	m.Arguments = r.table()
	return r.done(BasicConsumeID, args)
}

// BasicConsumeOk is basic.consume-ok.
type BasicConsumeOk struct {
	ConsumerTag string
}

func (*BasicConsumeOk) ID() MethodID { return BasicConsumeOkID }

func (m *BasicConsumeOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 21)
	return appendShortstr(dst, m.ConsumerTag)
}

func (m *BasicConsumeOk) Decode(args []byte) error {
	r := reader{b: args}
	m.ConsumerTag = r.shortstr()
	return r.done(BasicConsumeOkID, args)
}

// BasicCancel is basic.cancel.
type BasicCancel struct {
	ConsumerTag string
	NoWait      bool
}

func (*BasicCancel) ID() MethodID { return BasicCancelID }

func (m *BasicCancel) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 30)
	dst = appendShortstr(dst, m.ConsumerTag)
	return append(dst, bit(m.NoWait))
}

func (m *BasicCancel) Decode(args []byte) error {
	r := reader{b: args}
	m.ConsumerTag = r.shortstr()
	m.NoWait = r.octet()&1 != 0
	return r.done(BasicCancelID, args)
}

// BasicCancelOk is basic.cancel-ok.
type BasicCancelOk struct {
	ConsumerTag string
}

func (*BasicCancelOk) ID() MethodID { return BasicCancelOkID }

func (m *BasicCancelOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 31)
	return appendShortstr(dst, m.ConsumerTag)
}

func (m *BasicCancelOk) Decode(args []byte) error {
	r := reader{b: args}
	m.ConsumerTag = r.shortstr()
	return r.done(BasicCancelOkID, args)
}

// BasicPublish is basic.publish.
// Its byte slices are borrowed when decoded.
type BasicPublish struct {
	Exchange   []byte
	RoutingKey []byte
	Mandatory  bool
	Immediate  bool
}

func (*BasicPublish) ID() MethodID { return BasicPublishID }

func (m *BasicPublish) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 40, 0, 0)
	dst = appendShortstr(dst, m.Exchange)
	dst = appendShortstr(dst, m.RoutingKey)
	return append(dst, bit(m.Mandatory)|bit(m.Immediate)<<1)
}

func (m *BasicPublish) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Exchange = r.shortbytes()
	m.RoutingKey = r.shortbytes()
	bits := r.octet()
	m.Mandatory = bits&1 != 0
	m.Immediate = bits&2 != 0
	return r.done(BasicPublishID, args)
}

// BasicReturn is basic.return.
// Its byte slices are borrowed when decoded.
type BasicReturn struct {
	ReplyCode  uint16
	ReplyText  []byte
	Exchange   []byte
	RoutingKey []byte
}

func (*BasicReturn) ID() MethodID { return BasicReturnID }

func (m *BasicReturn) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 50)
	dst = binary.BigEndian.AppendUint16(dst, m.ReplyCode)
	dst = appendShortstr(dst, m.ReplyText)
	dst = appendShortstr(dst, m.Exchange)
	return appendShortstr(dst, m.RoutingKey)
}

func (m *BasicReturn) Decode(args []byte) error {
	r := reader{b: args}
	m.ReplyCode = r.short()
	m.ReplyText = r.shortbytes()
	m.Exchange = r.shortbytes()
	m.RoutingKey = r.shortbytes()
	return r.done(BasicReturnID, args)
}

// BasicDeliver is basic.deliver.
// Its byte slices are borrowed when decoded.
type BasicDeliver struct {
	ConsumerTag []byte
	DeliveryTag uint64
	Redelivered bool
	Exchange    []byte
	RoutingKey  []byte
}

func (*BasicDeliver) ID() MethodID { return BasicDeliverID }

func (m *BasicDeliver) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 60)
	dst = appendShortstr(dst, m.ConsumerTag)
	dst = binary.BigEndian.AppendUint64(dst, m.DeliveryTag)
	dst = append(dst, bit(m.Redelivered))
	dst = appendShortstr(dst, m.Exchange)
	return appendShortstr(dst, m.RoutingKey)
}

func (m *BasicDeliver) Decode(args []byte) error {
	r := reader{b: args}
	m.ConsumerTag = r.shortbytes()
	m.DeliveryTag = r.longlong()
	m.Redelivered = r.octet()&1 != 0
	m.Exchange = r.shortbytes()
	m.RoutingKey = r.shortbytes()
	return r.done(BasicDeliverID, args)
}

// BasicGet is basic.get.
type BasicGet struct {
	Queue string
	NoAck bool
}

func (*BasicGet) ID() MethodID { return BasicGetID }

func (m *BasicGet) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 70, 0, 0)
	dst = appendShortstr(dst, m.Queue)
	return append(dst, bit(m.NoAck))
}

func (m *BasicGet) Decode(args []byte) error {
	r := reader{b: args}
	r.short()
	m.Queue = r.shortstr()
	m.NoAck = r.octet()&1 != 0
	return r.done(BasicGetID, args)
}

// BasicGetOk is basic.get-ok.
// Its byte slices are borrowed when decoded.
type BasicGetOk struct {
	DeliveryTag  uint64
	Redelivered  bool
	Exchange     []byte
	RoutingKey   []byte
	MessageCount uint32
}

func (*BasicGetOk) ID() MethodID { return BasicGetOkID }

func (m *BasicGetOk) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 71)
	dst = binary.BigEndian.AppendUint64(dst, m.DeliveryTag)
	dst = append(dst, bit(m.Redelivered))
	dst = appendShortstr(dst, m.Exchange)
	dst = appendShortstr(dst, m.RoutingKey)
	return binary.BigEndian.AppendUint32(dst, m.MessageCount)
}

func (m *BasicGetOk) Decode(args []byte) error {
	r := reader{b: args}
	m.DeliveryTag = r.longlong()
	m.Redelivered = r.octet()&1 != 0
	m.Exchange = r.shortbytes()
	m.RoutingKey = r.shortbytes()
	m.MessageCount = r.long()
	return r.done(BasicGetOkID, args)
}

// BasicGetEmpty is basic.get-empty.
type BasicGetEmpty struct{}

func (*BasicGetEmpty) ID() MethodID { return BasicGetEmptyID }

func (*BasicGetEmpty) Append(dst []byte) []byte {
	return append(dst, 0, 60, 0, 72, 0)
}

func (*BasicGetEmpty) Decode(args []byte) error {
	r := reader{b: args}
	r.shortstr()
	return r.done(BasicGetEmptyID, args)
}

// BasicAck is basic.ack.
type BasicAck struct {
	DeliveryTag uint64
	Multiple    bool
}

func (*BasicAck) ID() MethodID { return BasicAckID }

func (m *BasicAck) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 80)
	dst = binary.BigEndian.AppendUint64(dst, m.DeliveryTag)
	return append(dst, bit(m.Multiple))
}

func (m *BasicAck) Decode(args []byte) error {
	r := reader{b: args}
	m.DeliveryTag = r.longlong()
	m.Multiple = r.octet()&1 != 0
	return r.done(BasicAckID, args)
}

// BasicReject is basic.reject.
type BasicReject struct {
	DeliveryTag uint64
	Requeue     bool
}

func (*BasicReject) ID() MethodID { return BasicRejectID }

func (m *BasicReject) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 90)
	dst = binary.BigEndian.AppendUint64(dst, m.DeliveryTag)
	return append(dst, bit(m.Requeue))
}

func (m *BasicReject) Decode(args []byte) error {
	r := reader{b: args}
	m.DeliveryTag = r.longlong()
	m.Requeue = r.octet()&1 != 0
	return r.done(BasicRejectID, args)
}

// BasicRecoverAsync is basic.recover-async.
type BasicRecoverAsync struct {
	Requeue bool
}

func (*BasicRecoverAsync) ID() MethodID { return BasicRecoverAsyncID }

func (m *BasicRecoverAsync) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 100)
	return append(dst, bit(m.Requeue))
}

func (m *BasicRecoverAsync) Decode(args []byte) error {
	r := reader{b: args}
	m.Requeue = r.octet()&1 != 0
	return r.done(BasicRecoverAsyncID, args)
}

// BasicRecover is basic.recover.
type BasicRecover struct {
	Requeue bool
}

func (*BasicRecover) ID() MethodID { return BasicRecoverID }

func (m *BasicRecover) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 110)
	return append(dst, bit(m.Requeue))
}

func (m *BasicRecover) Decode(args []byte) error {
	r := reader{b: args}
	m.Requeue = r.octet()&1 != 0
	return r.done(BasicRecoverID, args)
}

// BasicRecoverOk is basic.recover-ok.
type BasicRecoverOk struct{}

func (*BasicRecoverOk) ID() MethodID { return BasicRecoverOkID }

func (*BasicRecoverOk) Append(dst []byte) []byte {
	return append(dst, 0, 60, 0, 111)
}

func (*BasicRecoverOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(BasicRecoverOkID, args)
}

// BasicNack is basic.nack.
type BasicNack struct {
	DeliveryTag uint64
	Multiple    bool
	Requeue     bool
}

func (*BasicNack) ID() MethodID { return BasicNackID }

func (m *BasicNack) Append(dst []byte) []byte {
	dst = append(dst, 0, 60, 0, 120)
	dst = binary.BigEndian.AppendUint64(dst, m.DeliveryTag)
	return append(dst, bit(m.Multiple)|bit(m.Requeue)<<1)
}

func (m *BasicNack) Decode(args []byte) error {
	r := reader{b: args}
	m.DeliveryTag = r.longlong()
	bits := r.octet()
	m.Multiple = bits&1 != 0
	m.Requeue = bits&2 != 0
	return r.done(BasicNackID, args)
}

// ConfirmSelect is confirm.select.
type ConfirmSelect struct {
	NoWait bool
}

func (*ConfirmSelect) ID() MethodID { return ConfirmSelectID }

func (m *ConfirmSelect) Append(dst []byte) []byte {
	dst = append(dst, 0, 85, 0, 10)
	return append(dst, bit(m.NoWait))
}

func (m *ConfirmSelect) Decode(args []byte) error {
	r := reader{b: args}
	m.NoWait = r.octet()&1 != 0
	return r.done(ConfirmSelectID, args)
}

// ConfirmSelectOk is confirm.select-ok.
type ConfirmSelectOk struct{}

func (*ConfirmSelectOk) ID() MethodID { return ConfirmSelectOkID }

func (*ConfirmSelectOk) Append(dst []byte) []byte {
	return append(dst, 0, 85, 0, 11)
}

func (*ConfirmSelectOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(ConfirmSelectOkID, args)
}

// TxSelect is tx.select.
type TxSelect struct{}

func (*TxSelect) ID() MethodID { return TxSelectID }

func (*TxSelect) Append(dst []byte) []byte {
	return append(dst, 0, 90, 0, 10)
}

func (*TxSelect) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(TxSelectID, args)
}

// TxSelectOk is tx.select-ok.
type TxSelectOk struct{}

func (*TxSelectOk) ID() MethodID { return TxSelectOkID }

func (*TxSelectOk) Append(dst []byte) []byte {
	return append(dst, 0, 90, 0, 11)
}

func (*TxSelectOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(TxSelectOkID, args)
}

// TxCommit is tx.commit.
type TxCommit struct{}

func (*TxCommit) ID() MethodID { return TxCommitID }

func (*TxCommit) Append(dst []byte) []byte {
	return append(dst, 0, 90, 0, 20)
}

func (*TxCommit) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(TxCommitID, args)
}

// TxCommitOk is tx.commit-ok.
type TxCommitOk struct{}

func (*TxCommitOk) ID() MethodID { return TxCommitOkID }

func (*TxCommitOk) Append(dst []byte) []byte {
	return append(dst, 0, 90, 0, 21)
}

func (*TxCommitOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(TxCommitOkID, args)
}

// TxRollback is tx.rollback.
type TxRollback struct{}

func (*TxRollback) ID() MethodID { return TxRollbackID }

func (*TxRollback) Append(dst []byte) []byte {
	return append(dst, 0, 90, 0, 30)
}

func (*TxRollback) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(TxRollbackID, args)
}

// TxRollbackOk is tx.rollback-ok.
type TxRollbackOk struct{}

func (*TxRollbackOk) ID() MethodID { return TxRollbackOkID }

func (*TxRollbackOk) Append(dst []byte) []byte {
	return append(dst, 0, 90, 0, 31)
}

func (*TxRollbackOk) Decode(args []byte) error {
	r := reader{b: args}
	return r.done(TxRollbackOkID, args)
}
