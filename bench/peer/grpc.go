package peer

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/bufbuild/protocompile"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Method compiles the peer's contract and finds the call that it is asked by.
func (p Peer) Method(place Place) (protoreflect.MethodDescriptor, error) {
	file, root := filepath.Base(p.GRPC.Proto), p.Dir
	if _, err := os.Stat(filepath.Join(p.Dir, p.GRPC.Proto)); err != nil {
		root = filepath.Join(place.Repo, "proto")
		file = strings.TrimPrefix(p.GRPC.Proto, "proto/")
	}
	compiler := protocompile.Compiler{Resolver: protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{root}})}
	files, err := compiler.Compile(context.Background(), file)
	if err != nil {
		return nil, err
	}
	service, call, _ := strings.Cut(p.GRPC.Call, "/")
	found, _ := files.AsResolver().FindDescriptorByName(protoreflect.FullName(service))
	described, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s: no service %s", p.GRPC.Proto, service)
	}
	method := described.Methods().ByName(protoreflect.Name(call))
	if method == nil {
		return nil, fmt.Errorf("%s: no call %s", service, call)
	}
	return method, nil
}

// Request is a row's request on the wire.
func (p Peer) Request(method protoreflect.MethodDescriptor, row Row) ([]byte, error) {
	message, err := p.message(method, row)
	if err != nil {
		return nil, err
	}
	return proto.Marshal(message)
}

func (p Peer) message(method protoreflect.MethodDescriptor, row Row) (proto.Message, error) {
	text, err := Render(p.GRPC.Request, row)
	if err != nil {
		return nil, err
	}
	message := dynamicpb.NewMessage(method.Input())
	return message, protojson.Unmarshal(text, message)
}

func (p Peer) askGRPC(ctx context.Context, method protoreflect.MethodDescriptor, address string, row Row) (float64, error) {
	request, err := p.message(method, row)
	if err != nil {
		return 0, err
	}
	link, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return 0, err
	}
	defer link.Close()
	reply := dynamicpb.NewMessage(method.Output())
	if err := link.Invoke(ctx, "/"+p.GRPC.Call, request, reply); err != nil {
		return 0, err
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.Marshal(reply)
	if err != nil {
		return 0, err
	}
	return Dig(text, p.GRPC.Answer)
}
