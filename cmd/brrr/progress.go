package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a file is: a bar on a terminal, a line now and then
// elsewhere.
type progress struct {
	bar   *progressbar.ProgressBar // nil: lines
	out   io.Writer
	name  string
	began time.Time
	said  time.Time
	size  int64
	start int // rows of the files before
}

const lineEvery = 5 * time.Second

func newProgress(out io.Writer, name string, size int64) *progress {
	p := &progress{out: out, name: filepath.Base(name), began: time.Now(), said: time.Now(), size: size, start: -1}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		total := size
		if total == 0 {
			total = -1 // a spinner
		}
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(out),
			progressbar.OptionSetDescription(p.name), progressbar.OptionFullWidth(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	return p
}

// at tells how many bytes of the file are read, and rows of the job sent.
func (p *progress) at(read int64, rows int) {
	if p.start < 0 {
		p.start = max(rows-maxItems, 0)
	}
	rate := float64(rows-p.start) / time.Since(p.began).Seconds()
	if p.bar != nil {
		p.bar.Describe(fmt.Sprintf("%s  %d rows, %.0f rows/s", p.name, rows, rate))
		p.bar.Set64(read)
		return
	}
	if time.Since(p.said) < lineEvery {
		return
	}
	p.said = time.Now()
	left := "unknown"
	if p.size > 0 && read > 0 {
		spent := time.Since(p.began)
		left = (time.Duration(float64(spent)*float64(p.size)/float64(read)) - spent).Round(time.Second).String()
	}
	fmt.Fprintf(p.out, "%s: %d rows, %.0f rows/s, time left %s\n", p.name, rows, rate, left)
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
