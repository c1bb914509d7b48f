package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// permissions of each procedure, such as
// /fraudactivity.v1.FraudActivityService/GetFraudActivity, as its option in the
// contract says.
var permissions = readPermissions(fraudactivityv1.File_fraudactivity_v1_service_proto.Services())

func readPermissions(services protoreflect.ServiceDescriptors) map[string][]fraudactivityv1.Permission {
	table := map[string][]fraudactivityv1.Permission{}
	for i := range services.Len() {
		methods := services.Get(i).Methods()
		for j := range methods.Len() {
			m := methods.Get(j)
			needed, _ := proto.GetExtension(m.Options(), fraudactivityv1.E_Permission).([]fraudactivityv1.Permission)
			table["/"+string(services.Get(i).FullName())+"/"+string(m.Name())] = needed
		}
	}
	return table
}

// Procedures are the paths of all in the contract, in order.
func Procedures() []string { return slices.Sorted(maps.Keys(permissions)) }

// Permit refuses a caller who lacks a permission that the procedure asks for.
// A procedure that asks for none, or is not in the contract, is denied to all.
func Permit(caller Caller, procedure string) error {
	needed := permissions[procedure]
	if len(needed) == 0 {
		return denied(fmt.Sprintf("%s is open to nobody", procedure))
	}
	if caller.NoRole != "" {
		return denied(caller.NoRole)
	}
	for _, p := range needed {
		if !caller.May(p) {
			return denied(fmt.Sprintf("the role %q lacks the permission %s",
				caller.Role, strings.TrimPrefix(p.String(), "PERMISSION_")))
		}
	}
	return nil
}

func denied(message string) error {
	return &fraud.Error{Reason: fraud.ReasonPermissionDenied, Message: message}
}
