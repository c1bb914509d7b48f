package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bojand/ghz/runner"
	"github.com/jhump/protoreflect/desc"    //lint:ignore SA1019 ghz's interface is made of it
	"github.com/jhump/protoreflect/dynamic" //lint:ignore SA1019 ghz's interface is made of it
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// maxConnections is how many connections the callers of a gRPC run share.
const maxConnections = 8

// GRPC is a closed loop over gRPC and h2c.
type GRPC struct {
	Address string // HOST:PORT
	Call    string // package.Service/Method
	Callers int
	For     time.Duration
	Key     string // bearer token; none if empty
	// Descriptors holds the call's service, as a serialized FileDescriptorSet.
	Descriptors []byte
	// Next makes the request of a call, as bytes on the wire. ok is false when
	// there is none left.
	Next func() (request []byte, ok bool)
	// IDs are those that Next draws from, if any.
	IDs *IDs
}

var errRanOut = errors.New("no transaction is left that was never assessed")

// Run runs ghz within this process.
func (g GRPC) Run(ctx context.Context) (Result, error) {
	input, err := g.input()
	if err != nil {
		return Result{}, err
	}
	options := []runner.Option{
		runner.WithInsecure(true), runner.WithConcurrency(uint(g.Callers)),
		runner.WithConnections(uint(min(g.Callers, maxConnections))),
		runner.WithRunDuration(g.For), runner.WithDurationStopAction("wait"), runner.WithTimeout(10 * time.Second),
		runner.WithProtosetBinary(g.Descriptors), runner.WithDataProvider(g.provide(input)),
		runner.WithDisableTemplateFuncs(true), runner.WithDisableTemplateData(true),
	}
	if g.Key != "" {
		options = append(options, runner.WithMetadata(map[string]string{"authorization": "Bearer " + g.Key}))
	}
	watched := watchCPU()
	report, err := runner.Run(g.Call, g.Address, options...)
	used := watched()
	if ctx.Err() != nil {
		return Result{}, ctx.Err()
	}
	if err != nil {
		return Result{}, err
	}
	return g.result(report, used), nil
}

// input describes the call's request.
func (g GRPC) input() (*desc.MessageDescriptor, error) {
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(g.Descriptors, &set); err != nil {
		return nil, err
	}
	file, err := desc.CreateFileDescriptorFromSet(&set)
	if err != nil {
		return nil, err
	}
	service, call, _ := strings.Cut(g.Call, "/")
	if described := file.FindService(service); described != nil {
		if method := described.FindMethodByName(call); method != nil {
			return method.GetInputType(), nil
		}
	}
	return nil, fmt.Errorf("no call %s", g.Call)
}

// provide makes requests the way ghz wants them. Its own reading of bytes would
// not do: it takes some messages for several, each behind its length.
func (g GRPC) provide(input *desc.MessageDescriptor) runner.DataProviderFunc {
	return func(*runner.CallData) ([]*dynamic.Message, error) {
		request, ok := g.Next()
		if !ok {
			return nil, errRanOut
		}
		message := dynamic.NewMessage(input)
		return []*dynamic.Message{message}, message.Unmarshal(request)
	}
}

func (g GRPC) result(report *runner.Report, cpuSeconds float64) Result {
	r := Result{Generator: "ghz", Seconds: report.Total.Seconds(), Failures: map[string]int{}, CPUSeconds: cpuSeconds}
	var latencies []time.Duration
	for _, call := range report.Details {
		if call.Error == "" {
			latencies = append(latencies, call.Latency)
		} else {
			r.Example = call.Error
		}
	}
	for code, count := range report.StatusCodeDist {
		if code == "OK" {
			r.Answers = int64(count)
		} else {
			r.Failures[code] = count
		}
	}
	slices.Sort(latencies)
	r.Latency = Quantiles(latencies)
	if g.IDs != nil {
		r.Used = g.IDs.Drawn()
	}
	return r
}

// DescriptorSet serializes a file and all that it imports.
func DescriptorSet(file protoreflect.FileDescriptor) ([]byte, error) {
	set, seen := &descriptorpb.FileDescriptorSet{}, map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if seen[f.Path()] {
			return
		}
		seen[f.Path()] = true
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i))
		}
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
	}
	add(file)
	return proto.Marshal(set)
}
