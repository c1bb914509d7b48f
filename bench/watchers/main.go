// Command watchers watches as so many browsers do: gRPC-Web over HTTP/1.1, each
// on a connection of its own. It reads what comes and makes nothing of it, so
// that on one machine with the service it takes little of what is measured.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync/atomic"

	"google.golang.org/protobuf/proto"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
)

// crowd is all who watch.
type crowd struct {
	url, key string
	client   *http.Client
	request  []byte
	watching atomic.Int64
	messages atomic.Int64
}

func newCrowd(url, key string, rate int) (*crowd, error) {
	message, err := proto.Marshal(&fraudactivityv1.WatchFraudActivityRequest{MaxPerSecond: int32(rate)})
	if err != nil {
		return nil, err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &crowd{
		url: url + fraudactivityv1connect.FraudActivityServiceWatchFraudActivityProcedure, key: key,
		client:  &http.Client{Transport: &http.Transport{Protocols: protocols, DisableCompression: true}},
		request: append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...),
	}, nil
}

// watch counts messages until the stream ends, which it should not.
func (c *crowd) watch(ctx context.Context) error {
	body, write := io.Pipe()
	go write.Write(c.request)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, body)
	if err != nil {
		return err
	}
	req.ContentLength = int64(len(c.request))
	req.Header.Set("Content-Type", "application/grpc-web+proto")
	req.Header.Set("Authorization", "Bearer "+c.key)
	res, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	from := bufio.NewReader(res.Body)
	for first := true; ; first = false {
		var head [5]byte // flags and length
		if _, err := io.ReadFull(from, head[:]); err != nil {
			return err
		}
		length := int(binary.BigEndian.Uint32(head[1:]))
		if head[0] != 0 { // trailers
			end, err := io.ReadAll(from)
			return fmt.Errorf("the stream ended: %s (%w)", end, err)
		}
		if _, err := from.Discard(length); err != nil {
			return err
		}
		if c.messages.Add(1); first {
			c.watching.Add(1)
		}
	}
}

// ServeHTTP tells how it goes: 200 once all watch.
func (c *crowd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.watching.Load() < int64(*count) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(c.messages.Load())
}

var count = flag.Int("count", 200, "how many watch")

func main() {
	url := flag.String("url", "http://127.0.0.1:8080", "of the service")
	key := flag.String("key", "", "of somebody who may watch")
	rate := flag.Int("rate", 10, "messages a second for each")
	listen := flag.String("listen", "127.0.0.1:8081", "where to tell how it goes")
	flag.Parse()
	c, err := newCrowd(*url, *key, *rate)
	if err != nil {
		log.Fatal(err)
	}
	for range *count {
		go func() { log.Fatal(c.watch(context.Background())) }()
	}
	log.Fatal(http.ListenAndServe(*listen, c))
}
