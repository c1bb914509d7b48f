package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"syscall"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// partSuffix is behind the name of an output that is not whole yet.
const partSuffix = ".part"

// partFile is what brrr assess has done so far: a line that names the input, then
// each chunk as one line a row and one that seals it. What is not sealed does not
// count, so that a process may be killed at any moment.
type partFile struct {
	path string
	file *os.File
	rows int
}

// partHead is the first line. Another version of it belongs to another brrr.
type partHead struct {
	Version int    `json:"brrr_assess"`
	Input   string `json:"input"` // as it was called; it may be called otherwise
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
}

const partVersion = 1

// partSeal is the line behind the rows of a chunk.
type partSeal struct {
	Rows int    `json:"sealed_rows"`
	Sum  uint32 `json:"crc32c"` // of their lines
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openPart takes up the part file of an earlier run on the same input, or begins
// one.
func openPart(ctx context.Context, path, input string) (_ *partFile, err error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%s: another brrr assess writes to it", path)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	head, err := headOf(ctx, input)
	if err != nil {
		return nil, err
	}
	p := &partFile{path: path, file: file}
	return p, p.takeUp(head)
}

func headOf(ctx context.Context, input string) (h partHead, err error) {
	file, err := os.Open(input)
	if err != nil {
		return h, err
	}
	defer file.Close()
	sum := sha256.New()
	h = partHead{Version: partVersion, Input: input}
	for err == nil {
		var n int64
		n, err = io.CopyN(sum, file, 64<<20)
		h.Size += n
		if ctx.Err() != nil {
			return h, ctx.Err()
		}
	}
	if !errors.Is(err, io.EOF) {
		return h, err
	}
	h.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return h, nil
}

// takeUp finds what is done, and cuts off what is not sealed.
func (p *partFile) takeUp(head partHead) error {
	began, good, err := readPart(p.file, func(rows []assessedRow) error { p.rows += len(rows); return nil })
	switch {
	case errors.Is(err, errNoHead):
		return p.begin(head)
	case err != nil:
		return fmt.Errorf("%s: %w", p.path, err)
	case began.Size != head.Size || began.SHA256 != head.SHA256:
		return fmt.Errorf("%s: belongs to another input: %s had %d bytes and the SHA-256 %s, and %s has %d and %s; give that one, another --output, or remove the file to begin anew",
			p.path, began.Input, began.Size, began.SHA256, head.Input, head.Size, head.SHA256)
	}
	if err := p.file.Truncate(good); err != nil {
		return err
	}
	_, err = p.file.Seek(good, io.SeekStart)
	return err
}

func (p *partFile) begin(head partHead) error {
	line, err := json.Marshal(head)
	if err == nil {
		err = p.file.Truncate(0)
	}
	if err == nil {
		_, err = p.file.WriteAt(append(line, '\n'), 0)
	}
	if err == nil {
		_, err = p.file.Seek(0, io.SeekEnd)
	}
	return err
}

// add writes down a chunk.
func (p *partFile) add(rows []assessedRow) error {
	if len(rows) == 0 {
		return nil
	}
	var chunk bytes.Buffer
	lines := json.NewEncoder(&chunk)
	for _, row := range rows {
		if err := lines.Encode(row); err != nil {
			return err
		}
	}
	if err := lines.Encode(partSeal{len(rows), crc32.Checksum(chunk.Bytes(), castagnoli)}); err != nil {
		return err
	}
	if _, err := p.file.Write(chunk.Bytes()); err != nil {
		return err
	}
	p.rows += len(rows)
	return nil
}

// reject sets rows without an answer aside, under the name of their file.
func (p *partFile) reject(input string, rejects *rejectFile) error {
	return eachAssessed(p.path, func(row assessedRow) error {
		if row.Reason == "" {
			return nil
		}
		return rejects.add(input, importRow{line: row.Line, refused: &refusal{row.Reason, row.Message},
			transaction: &fraudactivityv1.Transaction{TransactionId: row.TransactionID}})
	})
}

// remove is for when the output is whole.
func (p *partFile) remove() error { return os.Remove(p.path) }

func (p *partFile) close() error { return p.file.Close() }

// eachAssessed hands over the rows of a part file.
func eachAssessed(path string, each func(assessedRow) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, _, err = readPart(file, func(rows []assessedRow) error {
		for _, row := range rows {
			if err := each(row); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

var (
	errNoHead   = errors.New("no head")
	errNotAPart = errors.New("is not a part file of this brrr assess; remove it, or give another --output")
)

// readPart reads chunks up to the first that is not sealed. good is where what
// counts ends. An empty file, or the beginning of a head, is errNoHead.
func readPart(from io.Reader, each func([]assessedRow) error) (head partHead, good int64, err error) {
	lines := bufio.NewReaderSize(from, bufferSize)
	line, err := lines.ReadBytes('\n')
	switch {
	case errors.Is(err, io.EOF) && (len(line) == 0 || bytes.HasPrefix(line, []byte(`{"brrr_assess":`))):
		return head, 0, errNoHead
	case err != nil && !errors.Is(err, io.EOF):
		return head, 0, err
	case json.Unmarshal(line, &head) != nil, head.Version != partVersion, err != nil:
		return head, 0, errNotAPart
	}
	good = int64(len(line))
	for {
		rows, size, err := readSealed(lines)
		if err != nil || rows == nil {
			return head, good, err
		}
		if err := each(rows); err != nil {
			return head, good, err
		}
		good += size
	}
}

// readSealed reads one chunk: nil if no more is sealed.
func readSealed(lines *bufio.Reader) (rows []assessedRow, size int64, err error) {
	sum := uint32(0)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil, 0, nil
		} else if err != nil {
			return nil, 0, err
		}
		size += int64(len(line))
		if bytes.HasPrefix(line, []byte(`{"sealed_rows":`)) {
			var seal partSeal
			if json.Unmarshal(line, &seal) != nil || seal != (partSeal{len(rows), sum}) {
				return nil, 0, nil
			}
			return rows, size, nil
		}
		var row assessedRow
		if len(rows) == maxItems || json.Unmarshal(line, &row) != nil {
			return nil, 0, nil
		}
		rows, sum = append(rows, row), crc32.Update(sum, castagnoli, line)
	}
}
