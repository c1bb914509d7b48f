package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// HTTP is a closed loop over HTTP/1.1: each caller asks again as soon as it is
// answered.
type HTTP struct {
	Script  string // wrk.lua
	URL     string // http://HOST:PORT
	Callers int
	For     time.Duration
	Mode    string   // of wrk.lua
	Words   []string // more NAME=VALUE for wrk.lua
	IDs     *IDs
}

// Run runs wrk with one thread, so that it takes one core at most.
func (h HTTP) Run(ctx context.Context) (Result, error) {
	words := append([]string{
		"mode=" + h.Mode, fmt.Sprintf("stride=%d", h.IDs.Stride), fmt.Sprintf("recorded=%d", h.IDs.Recorded),
		fmt.Sprintf("first=%d", h.IDs.First), fmt.Sprintf("last=%d", h.IDs.Last),
	}, h.Words...)
	args := append([]string{"-t1", fmt.Sprintf("-c%d", h.Callers), fmt.Sprintf("-d%d", int(h.For.Seconds())),
		"--timeout", "10s", "-s", h.Script, h.URL, "--"}, words...)
	cmd := exec.CommandContext(ctx, "wrk", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var said, complained bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &complained
	if err := cmd.Run(); err != nil {
		return Result{}, fmt.Errorf("wrk: %w: %s", err, strings.TrimSpace(complained.String()+lastLine(said.String())))
	}
	result, err := parseWrk(said.String())
	result.CPUSeconds = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return result, err
}

// parseWrk reads the line that wrk.lua prints last.
func parseWrk(said string) (Result, error) {
	var w struct {
		Requests, Micros, Used                int64
		Connect, Read, Write, Timeout, Status int
		P50, P90, P99, Max                    float64
		P999                                  float64 `json:"p99_9"`
	}
	if err := json.Unmarshal([]byte(lastLine(said)), &w); err != nil {
		return Result{}, fmt.Errorf("wrk printed no result: %w: %q", err, said)
	}
	r := Result{
		Generator: "wrk", Seconds: float64(w.Micros) / 1e6, Answers: w.Requests - int64(w.Status), Used: w.Used,
		Failures: map[string]int{}, Latency: Latency{P50: w.P50, P90: w.P90, P99: w.P99, P999: w.P999, Max: w.Max},
	}
	for kind, count := range map[string]int{"connect": w.Connect, "read": w.Read, "write": w.Write, "timeout": w.Timeout, "status": w.Status} {
		if count > 0 {
			r.Failures[kind] = count
		}
	}
	return r, nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
