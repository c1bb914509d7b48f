package predictor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/predictor"
)

func TestOptionsThatMakeNoSenseAreRefusedByName(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(*predictor.Options)
		names string
	}{
		"no hosts":               {func(o *predictor.Options) { o.Addresses = nil }, "Addresses"},
		"one bad address of two": {func(o *predictor.Options) { o.Addresses = append(o.Addresses, "localhost:80") }, `"localhost:80"`},
		"an empty address":       {func(o *predictor.Options) { o.Addresses = []string{""} }, `""`},
		"another API":            {func(o *predictor.Options) { o.API = "rest" }, `API must be auto or unary, not "rest"`},
		"another unit of age":    {func(o *predictor.Options) { o.AgeUnit = "weeks" }, `AgeUnit must be seconds or days, not "weeks"`},
		"another scale":          {func(o *predictor.Options) { o.Scale = "permille" }, `Scale must be unit or percent, not "permille"`},
		"a long version":         {func(o *predictor.Options) { o.Version = strings.Repeat("v", 129) }, "Version"},
		"calls below 1":          {func(o *predictor.Options) { o.UnaryCalls = -1 }, "UnaryCalls must be at least 1, not -1"},
		"batches below 1":        {func(o *predictor.Options) { o.Batches = -1 }, "Batches must be 1 to 1000, not -1"},
		"a split application":    {func(o *predictor.Options) { o.Application = "fraud\r\nx" }, "Application must be of printable ASCII"},
		"watch below 0":          {func(o *predictor.Options) { o.WatchEvery = -time.Second }, "WatchEvery"},
		"probe below 0":          {func(o *predictor.Options) { o.ProbeTimeout = -time.Second }, "ProbeTimeout"},
	} {
		t.Run(name, func(t *testing.T) {
			opts := predictor.Options{Addresses: []string{"unix:/nowhere"}}
			c.set(&opts)
			pool, err := predictor.Open(opts)
			if err == nil {
				pool.Close()
				t.Fatal("accepted")
			}
			if !strings.HasPrefix(err.Error(), "predictor: ") || !strings.Contains(err.Error(), c.names) {
				t.Errorf("%v, want %q in it", err, c.names)
			}
		})
	}
}

func TestOptionsHaveDefaults(t *testing.T) {
	pool, err := predictor.Open(predictor.Options{Addresses: []string{"unix:/nowhere"}, Log: newLogbook().log()})
	if err != nil {
		t.Fatal(err)
	}
	pool.Close()
}
