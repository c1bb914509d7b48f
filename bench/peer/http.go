package peer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
)

// ask posts a row to a peer with an HTTP front.
func (p Peer) askHTTP(ctx context.Context, address string, row Row) (float64, error) {
	body, err := Render(p.HTTP.Body, row)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+p.HTTP.Path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err
	}
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", res.Status, tail(answer))
	}
	return Dig(answer, p.HTTP.Answer)
}

// WriteBodies writes the body for each row as one line of a file.
func (p Peer) WriteBodies(path string, rows []Row) error {
	var lines bytes.Buffer
	for _, row := range rows {
		body, err := Render(p.HTTP.Body, row)
		if err != nil {
			return err
		}
		if bytes.ContainsRune(body, '\n') {
			return fmt.Errorf("%s: the body must be one line", p.Name)
		}
		lines.Write(append(body, '\n'))
	}
	return os.WriteFile(path, lines.Bytes(), 0o644)
}

// Ask asks a peer for the probability of a row.
func (p Peer) Ask(ctx context.Context, place Place, address string, row Row) (float64, error) {
	if p.Protocol == "http" {
		return p.askHTTP(ctx, address, row)
	}
	method, err := p.Method(place)
	if err != nil {
		return 0, err
	}
	return p.askGRPC(ctx, method, address, row)
}
