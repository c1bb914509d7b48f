package rpc

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// protoCodec and jsonCodec replace Connect's own. JSON is snake_case, with
// default values shown, and refuses fields that it does not know: a misspelt
// field must not turn into a silent default.
type (
	protoCodec struct{}
	jsonCodec  struct{ name string }
)

var (
	toJSON   = protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}
	toWire   = proto.MarshalOptions{}
	toStable = proto.MarshalOptions{Deterministic: true}
)

func (protoCodec) Name() string   { return "proto" }
func (protoCodec) IsBinary() bool { return true }

func (protoCodec) Marshal(msg any) ([]byte, error) { return toWire.Marshal(msg.(proto.Message)) }
func (protoCodec) MarshalStable(msg any) ([]byte, error) {
	return toStable.Marshal(msg.(proto.Message))
}
func (protoCodec) MarshalAppend(to []byte, msg any) ([]byte, error) {
	if shared, ok := msg.(*encoded); ok {
		return appendOnce(to, shared.wire)
	}
	return toWire.MarshalAppend(to, msg.(proto.Message))
}

func (protoCodec) Unmarshal(from []byte, msg any) error {
	m := msg.(proto.Message)
	if err := proto.Unmarshal(from, m); err != nil {
		markMalformed(m, err)
	}
	return nil
}

func (c jsonCodec) Name() string { return c.name }
func (jsonCodec) IsBinary() bool { return false }

func (jsonCodec) Marshal(msg any) ([]byte, error)       { return toJSON.Marshal(msg.(proto.Message)) }
func (jsonCodec) MarshalStable(msg any) ([]byte, error) { return toJSON.Marshal(msg.(proto.Message)) }
func (jsonCodec) MarshalAppend(to []byte, msg any) ([]byte, error) {
	if written, ok := appendOrdinary(to, msg); ok {
		return written, nil
	}
	if shared, ok := msg.(*encoded); ok {
		return appendOnce(to, shared.json)
	}
	return toJSON.MarshalAppend(to, msg.(proto.Message))
}

func (jsonCodec) Unmarshal(from []byte, msg any) error {
	m := msg.(proto.Message)
	if len(from) == 0 {
		return nil // an empty body is an empty message, as everywhere in Connect
	}
	if get, ok := msg.(*fraudactivityv1.GetFraudActivityRequest); ok {
		if id, ok := readGet(from); ok {
			get.TransactionId = id
			return nil
		}
	}
	if err := protojson.Unmarshal(from, m); err != nil {
		markMalformed(m, err)
	}
	return nil
}

// malformedField is a field number that no message can have: protobuf keeps it
// for implementations.
const malformedField protowire.Number = 19999

// markMalformed notes in the message itself that it could not be read. Connect
// would answer an error of Unmarshal before any of our layers sees it, without
// a reason; noted here, check refuses the message as it refuses all bad ones.
func markMalformed(m proto.Message, err error) {
	proto.Reset(m)
	// The library varies the space behind "proto:" on purpose.
	text := strings.TrimLeft(strings.TrimPrefix(err.Error(), "proto:"), " \u00a0")
	note := protowire.AppendTag(nil, malformedField, protowire.BytesType)
	m.ProtoReflect().SetUnknown(protowire.AppendBytes(note, []byte(text)))
}

// malformed is the error noted in the message, or nil.
func malformed(m proto.Message) error {
	unknown := m.ProtoReflect().GetUnknown()
	number, kind, n := protowire.ConsumeTag(unknown)
	if n < 0 || number != malformedField || kind != protowire.BytesType {
		return nil
	}
	text, _ := protowire.ConsumeBytes(unknown[n:])
	return fraud.InvalidArgument("request", fmt.Sprintf("cannot be read: %s", strings.ToValidUTF8(string(text), "?")))
}
