package rpc

import (
	"errors"
	"fmt"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// check holds a message to the rules of the contract. The error names the first
// field that breaks one, and the rule.
func check(msg any) error {
	m, ok := msg.(proto.Message)
	if !ok {
		return fmt.Errorf("rpc: %T is not a message", msg)
	}
	if err := malformed(m); err != nil {
		return err
	}
	err := protovalidate.Validate(m)
	var broken *protovalidate.ValidationError
	if errors.As(err, &broken) && len(broken.Violations) > 0 {
		field := fieldPath(broken.Violations[0])
		return fraud.InvalidArgument(field, broken.Violations[0].Proto.GetMessage())
	}
	return err
}

func fieldPath(v *protovalidate.Violation) string {
	path := protovalidate.FieldPathString(v.Proto.GetField())
	return strings.TrimPrefix(path, ".")
}
