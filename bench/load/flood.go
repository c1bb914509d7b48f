package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Flood offers calls over HTTP/1.1 at a fixed rate, more of them than a server can
// answer, and tells answers from refusals. It writes requests and reads replies
// itself, which takes a tenth of the CPU of a client that serves all of HTTP: at a
// multiple of saturation vegeta would need more than this machine has.
//
// A call's latency counts from when it was due, whether or not its connection was
// free by then. A transaction that was refused is asked about again.
type Flood struct {
	Address     string // HOST:PORT
	Path        string
	Key         string
	Connections int
	Rate        float64 // calls a second in all; 0: a closed loop
	For         time.Duration
	IDs         *IDs
}

// Run floods the server.
func (f Flood) Run(ctx context.Context) (Result, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watched := watchCPU()
	lanes := make([]lane, f.Connections)
	for i := range lanes { // a connection costs more than a call: all are there before the first
		conn, err := net.Dial("tcp", f.Address)
		if err != nil {
			return Result{}, err
		}
		defer conn.Close()
		lanes[i] = lane{flood: f, offset: i, conn: conn}
	}
	began := time.Now()
	var under sync.WaitGroup
	for i := range lanes {
		lanes[i].began = began
		under.Go(func() {
			if err := lanes[i].run(ctx); err != nil {
				lanes[i].err = err
				stop()
			}
		})
	}
	under.Wait()
	return f.result(lanes, time.Since(began), watched())
}

func (f Flood) result(lanes []lane, took time.Duration, cpuSeconds float64) (Result, error) {
	var answered, refused []time.Duration
	r := Result{Generator: "flood", Seconds: took.Seconds(), CPUSeconds: cpuSeconds, Failures: map[string]int{}, Used: f.IDs.Drawn()}
	for i := range lanes {
		l := &lanes[i]
		if l.err != nil && !errors.Is(l.err, context.Canceled) {
			return Result{}, l.err
		}
		answered, refused = append(answered, l.answered...), append(refused, l.refused...)
		for status, n := range l.others {
			r.Failures["HTTP "+strconv.Itoa(status)] += n
		}
	}
	slices.Sort(answered)
	slices.Sort(refused)
	r.Answers, r.Latency = int64(len(answered)), Quantiles(answered)
	if len(refused) > 0 {
		r.Failures["HTTP 429"] = len(refused)
		latency := Quantiles(refused)
		r.Refused = &latency
	}
	r.Offered = float64(len(answered)+r.Failed()) / took.Seconds()
	return r, nil
}

// lane is one connection and what it saw.
type lane struct {
	flood             Flood
	offset            int
	conn              net.Conn
	began             time.Time
	answered, refused []time.Duration
	others            map[int]int // by status
	err               error
}

func (l *lane) run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { l.conn.SetDeadline(time.Now()) })()
	replies := bufio.NewReaderSize(l.conn, 1024)
	head := []byte(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
		l.flood.Path, l.flood.Address, l.flood.Key, len(floodBody(ID(0)))))
	var request []byte
	for call, answered := 0, true; ; call++ {
		due := l.due(call)
		if due.Sub(l.began) > l.flood.For {
			return nil
		}
		time.Sleep(time.Until(due))
		if l.flood.Rate == 0 {
			due = time.Now()
		}
		if answered {
			id, ok := l.flood.IDs.Next()
			if !ok {
				return errRanOut
			}
			request = append(append(request[:0], head...), floodBody(id)...)
		}
		if _, err := l.conn.Write(request); err != nil {
			return cmpErr(ctx, err)
		}
		status, err := readReply(replies)
		if err != nil {
			return cmpErr(ctx, err)
		}
		answered = l.saw(status, time.Since(due))
	}
}

// due is when a call of this lane is to leave: the lanes take turns.
func (l *lane) due(call int) time.Time {
	if l.flood.Rate == 0 {
		return time.Now()
	}
	turn := float64(call*l.flood.Connections + l.offset)
	return l.began.Add(time.Duration(turn / l.flood.Rate * float64(time.Second)))
}

func (l *lane) saw(status int, took time.Duration) (answered bool) {
	switch status {
	case 200:
		l.answered = append(l.answered, took)
	case 429:
		l.refused = append(l.refused, took)
	default:
		if l.others == nil {
			l.others = map[int]int{}
		}
		l.others[status]++
	}
	return status == 200
}

func floodBody(id string) string { return `{"transaction_id":"` + id + `"}` }

func cmpErr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// readReply reads one reply with a Content-Length, as all unary ones have.
func readReply(from *bufio.Reader) (status int, err error) {
	length := -1
	for {
		line, err := from.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if status == 0 {
			if len(line) < 12 {
				return 0, fmt.Errorf("a reply begins with %q", line)
			}
			if status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return 0, err
			}
		} else if name, value, _ := bytes.Cut(line, []byte(": ")); bytes.EqualFold(name, []byte("content-length")) {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		}
	}
	if length < 0 {
		return 0, fmt.Errorf("a reply with status %d tells no length", status)
	}
	_, err = io.CopyN(io.Discard, from, int64(length))
	return status, err
}
