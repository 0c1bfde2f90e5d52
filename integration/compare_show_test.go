package integration

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// showProperties shows the properties of a content header: the headers in the order of their keys, without what only RabbitMQ from 3.13 on
// adds, and the rest as it is.
func showProperties(payload []byte) string {
	size, flags := binary.BigEndian.Uint64(payload[4:]), binary.BigEndian.Uint16(payload[12:])
	a := &arguments{b: payload[14:]}
	text := fmt.Sprintf("%d bytes, flags %#x", size, flags)
	for _, f := range []uint16{fieldContentType, 1 << 14} {
		if flags&f != 0 {
			text += fmt.Sprintf(" %q", a.str())
		}
	}
	if flags&fieldHeaders != 0 {
		text += " " + showTable(a)
	}
	return text + fmt.Sprintf(" %q", a.b)
}

func showTable(a *arguments) string {
	in := &arguments{b: a.take(int(a.uint32()))}
	var fields []string
	for len(in.b) > 0 && !in.short {
		if key := in.str(); strings.HasPrefix(key, "x-last-death-") {
			showValue(in)
		} else if value := showValue(in); key == "time" {
			fields = append(fields, "time=any")
		} else {
			fields = append(fields, key+"="+value)
		}
	}
	slices.Sort(fields)
	return "{" + strings.Join(fields, " ") + "}"
}

// showValue shows a value of one of the types that brokers make, with its type.
func showValue(a *arguments) string {
	switch tag := a.octet(); tag {
	case 't', 'b':
		return fmt.Sprintf("%c%d", tag, a.octet())
	case 's':
		return fmt.Sprintf("%c%d", tag, a.uint16())
	case 'I':
		return fmt.Sprintf("%c%d", tag, a.uint32())
	case 'l', 'T':
		return fmt.Sprintf("%c%d", tag, a.uint64())
	case 'S':
		return fmt.Sprintf("%q", a.long())
	case 'F':
		return showTable(a)
	case 'A':
		in := &arguments{b: a.take(int(a.uint32()))}
		var values []string
		for len(in.b) > 0 && !in.short {
			values = append(values, showValue(in))
		}
		return "[" + strings.Join(values, " ") + "]"
	case 'V':
		return "void"
	default:
		panic(fmt.Sprintf("a value of type %q", tag))
	}
}
