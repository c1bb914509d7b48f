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
	fd    int                      // of the terminal
	out   io.Writer
	name  string
	began time.Time
	said  time.Time
	size  int64 // bytes; 0 if unknown
	done  int64 // bytes that an earlier run had done
	rows  int   // in these
}

const lineEvery = 5 * time.Second

func newProgress(out io.Writer, name string, size int64) *progress {
	p := &progress{out: out, name: filepath.Base(name), began: time.Now(), said: time.Now(), size: size}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.fd = int(file.Fd())
		total := size
		if total == 0 {
			total = -1 // a spinner
		}
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(out),
			progressbar.OptionSetDescription(p.name), progressbar.OptionFullWidth(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return p
}

// goesOn tells what an earlier run has done: it says nothing of this one's pace.
func (p *progress) goesOn(read int64, rows int) {
	p.done, p.rows, p.began = read, rows, time.Now()
}

// at tells how many bytes of the file are read, and rows of it sent.
func (p *progress) at(read int64, rows int) {
	if p.bar != nil {
		p.bar.Describe(p.clip(p.text(read, rows)))
		p.bar.Set64(read)
		return
	}
	if time.Since(p.said) >= lineEvery {
		p.said = time.Now()
		fmt.Fprintln(p.out, p.text(read, rows))
	}
}

// clip leaves room for the bar: a line that wraps would stay on the terminal.
func (p *progress) clip(text string) string {
	const percentAndBar = 12
	width, _, err := term.GetSize(p.fd)
	letters := []rune(text)
	if room := max(0, width-percentAndBar); err == nil && len(letters) > room {
		return string(letters[len(letters)-room:]) // the name is known
	}
	return text
}

func (p *progress) text(read int64, rows int) string {
	spent := time.Since(p.began)
	left := "time left unknown"
	if p.size > 0 && read > p.done {
		left = time.Duration(float64(spent)*float64(p.size-read)/float64(read-p.done)).Round(time.Second).String() + " left"
	}
	return fmt.Sprintf("%s: %d rows, %.0f rows/s, %s", p.name, rows, float64(rows-p.rows)/spent.Seconds(), left)
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Finish()
	}
}
