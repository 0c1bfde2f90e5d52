package integration

import (
	"encoding/binary"
	"fmt"
)

// The wire format as the tests know it, written from the specification and apart from package amqp, so that a mistake
// there cannot hide itself here.

const (
	frameMethod    byte = 1
	frameHeader    byte = 2
	frameBody      byte = 3
	frameHeartbeat byte = 8
	frameEnd       byte = 0xCE
)

// methodID is class << 16 | method.
type methodID uint32

const (
	connectionStart     methodID = 10<<16 | 10
	connectionStartOk   methodID = 10<<16 | 11
	connectionTune      methodID = 10<<16 | 30
	connectionTuneOk    methodID = 10<<16 | 31
	connectionOpen      methodID = 10<<16 | 40
	connectionOpenOk    methodID = 10<<16 | 41
	connectionClose     methodID = 10<<16 | 50
	connectionCloseOk   methodID = 10<<16 | 51
	connectionSecret    methodID = 10<<16 | 70
	connectionSecretOk  methodID = 10<<16 | 71
	channelOpen         methodID = 20<<16 | 10
	channelOpenOk       methodID = 20<<16 | 11
	channelFlow         methodID = 20<<16 | 20
	channelFlowOk       methodID = 20<<16 | 21
	channelClose        methodID = 20<<16 | 40
	channelCloseOk      methodID = 20<<16 | 41
	accessRequest       methodID = 30<<16 | 10
	accessRequestOk     methodID = 30<<16 | 11
	exchangeDeclare     methodID = 40<<16 | 10
	exchangeDeclareOk   methodID = 40<<16 | 11
	exchangeDelete      methodID = 40<<16 | 20
	exchangeDeleteOk    methodID = 40<<16 | 21
	exchangeBind        methodID = 40<<16 | 30
	exchangeBindOk      methodID = 40<<16 | 31
	exchangeUnbind      methodID = 40<<16 | 40
	exchangeUnbindOk    methodID = 40<<16 | 51
	queueDeclare        methodID = 50<<16 | 10
	queueDeclareOk      methodID = 50<<16 | 11
	queueBind           methodID = 50<<16 | 20
	queueBindOk         methodID = 50<<16 | 21
	queuePurge          methodID = 50<<16 | 30
	queuePurgeOk        methodID = 50<<16 | 31
	queueDelete         methodID = 50<<16 | 40
	queueDeleteOk       methodID = 50<<16 | 41
	queueUnbind         methodID = 50<<16 | 50
	queueUnbindOk       methodID = 50<<16 | 51
	basicQos            methodID = 60<<16 | 10
	basicQosOk          methodID = 60<<16 | 11
	basicConsume        methodID = 60<<16 | 20
	basicConsumeOk      methodID = 60<<16 | 21
	basicCancel         methodID = 60<<16 | 30
	basicCancelOk       methodID = 60<<16 | 31
	basicPublish        methodID = 60<<16 | 40
	basicReturn         methodID = 60<<16 | 50
	basicDeliver        methodID = 60<<16 | 60
	basicGet            methodID = 60<<16 | 70
	basicGetOk          methodID = 60<<16 | 71
	basicGetEmpty       methodID = 60<<16 | 72
	basicAck            methodID = 60<<16 | 80
	basicReject         methodID = 60<<16 | 90
	basicRecoverAsync   methodID = 60<<16 | 100
	basicRecover        methodID = 60<<16 | 110
	basicRecoverOk      methodID = 60<<16 | 111
	basicNack           methodID = 60<<16 | 120
	confirmSelect       methodID = 85<<16 | 10
	confirmSelectOk     methodID = 85<<16 | 11
	txSelect            methodID = 90<<16 | 10
	txSelectOk          methodID = 90<<16 | 11
	txCommit            methodID = 90<<16 | 20
	txCommitOk          methodID = 90<<16 | 21
	txRollback          methodID = 90<<16 | 30
	txRollbackOk        methodID = 90<<16 | 31
	noMethod            methodID = 0
	basicClass          uint16   = 60
	defaultFrameMax              = 131072
	fieldHeaders        uint16   = 1 << 13
	fieldDeliveryMode   uint16   = 1 << 12
	fieldExpiration     uint16   = 1 << 8
	fieldContentType    uint16   = 1 << 15
	fieldUserID         uint16   = 1 << 4
	fieldMoreFlags      uint16   = 1
	protocolHeader091            = "AMQP\x00\x00\x09\x01"
	protocolHeader09Old          = "AMQP\x01\x01\x00\x09"
)

func (id methodID) String() string { return fmt.Sprintf("%d.%d", id>>16, id&0xFFFF) }

// Argument types of a method besides string (a short string), byte, uint16, uint32 and uint64.
type (
	long  string  // a long string
	bits  []bool  // up to eight bits in one octet
	raw   []byte  // as it is
	table []field // a field table
	field struct {
		key   string
		tag   byte
		value []byte
	}
)

// Fields of a table, one constructor for each wire type that tests use by value.

func str(key, v string) field { return field{key, 'S', appendArg(nil, long(v))} }
func i32(key string, v int32) field {
	return field{key, 'I', binary.BigEndian.AppendUint32(nil, uint32(v))}
}
func i64(key string, v int64) field {
	return field{key, 'l', binary.BigEndian.AppendUint64(nil, uint64(v))}
}
func i16(key string, v int16) field {
	return field{key, 's', binary.BigEndian.AppendUint16(nil, uint16(v))}
}
func i8(key string, v int8) field         { return field{key, 'b', []byte{byte(v)}} }
func void(key string) field               { return field{key, 'V', nil} }
func nested(key string, v ...field) field { return field{key, 'F', appendArg(nil, table(v))} }
func boolean(key string, v bool) field    { return field{key, 't', appendArg(nil, bits{v})} }

func appendArg(b []byte, arg any) []byte {
	switch v := arg.(type) {
	case string:
		return append(append(b, byte(len(v))), v...)
	case long:
		return append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...)
	case byte:
		return append(b, v)
	case uint16:
		return binary.BigEndian.AppendUint16(b, v)
	case uint32:
		return binary.BigEndian.AppendUint32(b, v)
	case uint64:
		return binary.BigEndian.AppendUint64(b, v)
	case bits:
		var octet byte
		for i, bit := range v {
			if bit {
				octet |= 1 << i
			}
		}
		return append(b, octet)
	case raw:
		return append(b, v...)
	case table:
		body := v.fields()
		return append(binary.BigEndian.AppendUint32(b, uint32(len(body))), body...)
	}
	panic(fmt.Sprintf("no such argument type: %T", arg))
}

// fields encodes the table without its length.
func (t table) fields() []byte {
	var b []byte
	for _, f := range t {
		b = append(append(appendArg(b, f.key), f.tag), f.value...)
	}
	return b
}

// frame is one frame as bytes.
func frame(kind byte, channel uint16, payload []byte) []byte {
	b := binary.BigEndian.AppendUint16([]byte{kind}, channel)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	return append(append(b, payload...), frameEnd)
}

func methodFrame(channel uint16, id methodID, args ...any) []byte {
	payload := binary.BigEndian.AppendUint32(nil, uint32(id))
	for _, arg := range args {
		payload = appendArg(payload, arg)
	}
	return frame(frameMethod, channel, payload)
}

// headerFrame is the content header of a message of the basic class; properties are the flags and what they announce.
func headerFrame(channel uint16, size uint64, properties []byte) []byte {
	return classHeaderFrame(channel, basicClass, 0, size, properties)
}

func classHeaderFrame(channel, class, weight uint16, size uint64, properties []byte) []byte {
	payload := binary.BigEndian.AppendUint16(nil, class)
	payload = binary.BigEndian.AppendUint16(payload, weight)
	payload = binary.BigEndian.AppendUint64(payload, size)
	return frame(frameHeader, channel, append(payload, properties...))
}

// properties encodes property flags and the values that follow.
func properties(flags uint16, values ...any) []byte {
	b := binary.BigEndian.AppendUint16(nil, flags)
	for _, v := range values {
		b = appendArg(b, v)
	}
	return b
}

// publishFrame is basic.publish without its content.
func publishFrame(channel uint16, exchange, key string, flags ...bool) []byte {
	return methodFrame(channel, basicPublish, uint16(0), exchange, key, bits(flags))
}

// message is a whole publish in three frames, or two when the body is empty.
func message(channel uint16, exchange, key, body string) []byte {
	b := append(publishFrame(channel, exchange, key), headerFrame(channel, uint64(len(body)), properties(0))...)
	if body != "" {
		b = append(b, frame(frameBody, channel, []byte(body))...)
	}
	return b
}

// arguments reads the arguments of a method that came in. Reading past the end gives zero values and sets short.
type arguments struct {
	b     []byte
	short bool
}

func (a *arguments) take(n int) []byte {
	if len(a.b) < n {
		a.short = true
		return make([]byte, min(n, 8))
	}
	v := a.b[:n]
	a.b = a.b[n:]
	return v
}

func (a *arguments) octet() byte    { return a.take(1)[0] }
func (a *arguments) uint16() uint16 { return binary.BigEndian.Uint16(a.take(2)) }
func (a *arguments) uint32() uint32 { return binary.BigEndian.Uint32(a.take(4)) }
func (a *arguments) uint64() uint64 { return binary.BigEndian.Uint64(a.take(8)) }
func (a *arguments) str() string    { return string(a.take(int(a.octet()))) }
func (a *arguments) long() string   { return string(a.take(int(a.uint32()))) }
