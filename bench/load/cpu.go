package load

import "github.com/wassef911/grpcgoesbrrr/bench/proc"

// watchCPU accounts for this process, in which ghz and vegeta run.
func watchCPU() (stop func() float64) {
	before := proc.OwnCPUSeconds()
	return func() float64 { return proc.OwnCPUSeconds() - before }
}
