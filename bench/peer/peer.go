// Package peer sets up and runs what others use, as their peer.json files say.
package peer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/template"
	"time"

	"github.com/wassef911/grpcgoesbrrr/bench/proc"
	"github.com/wassef911/grpcgoesbrrr/bench/result"
)

// About is the content of peer.json.
type About struct {
	Name        string            `json:"name"`
	Title       string            `json:"title"`
	Protocol    string            `json:"protocol"` // http or grpc
	Front       string            `json:"front"`    // what its front is written in
	Setup       string            `json:"setup"`    // a line for sh, run each time
	Serve       string            `json:"serve"`    // a line for sh that becomes the server
	HTTP        HTTP              `json:"http"`
	GRPC        GRPC              `json:"grpc"`
	Versions    map[string]string `json:"versions"`
	Tuning      string            `json:"tuning"`
	Lacks       string            `json:"lacks"`
	Unavailable string            `json:"unavailable"` // why it cannot be run
}

// HTTP is how a peer is asked over HTTP.
type HTTP struct {
	Path   string `json:"path"`
	Body   string `json:"body"`   // a template over Row
	Answer string `json:"answer"` // where the probability is in the answer
}

// GRPC is how a peer is asked over gRPC.
type GRPC struct {
	Proto   string `json:"proto"` // in the peer's folder, or in the repository
	Call    string `json:"call"`
	Request string `json:"request"` // JSON of the request: a template over Row
	Answer  string `json:"answer"`  // where the probability is in the answer's JSON
}

// Row is what a peer is told of a transaction.
type Row struct {
	TransactionID        int
	Amount               float64
	Time                 int64 // seconds since 1970
	AgeOfAccount         int32 // seconds
	NumberOfTransactions int32
}

// Facts are those of a transaction, by the names by which models ask for them.
type Facts map[string]float64

// Facts are all that a peer's model can be told.
func (r Row) Facts() Facts {
	return Facts{"amount": r.Amount, "time": float64(r.Time), "age_of_account": float64(r.AgeOfAccount),
		"number_of_transactions": float64(r.NumberOfTransactions)}
}

// Peer is one of them, and where it is.
type Peer struct {
	About
	Dir string
}

// All reads every peer.json under dir, in the order of names.
func All(dir string) ([]Peer, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "peer.json"))
	if err != nil {
		return nil, err
	}
	slices.Sort(files)
	var peers []Peer
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		p := Peer{Dir: filepath.Dir(file)}
		if err := json.Unmarshal(text, &p.About); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		peers = append(peers, p)
	}
	return peers, nil
}

// Result is what the report says of the peer.
func (p Peer) Result() result.Peer {
	return result.Peer{Name: p.Name, Title: p.Title, Protocol: p.Protocol, Front: p.Front, Versions: p.Versions, Tuning: p.Tuning, Lacks: p.Lacks}
}

// Place is where peers live while they are measured.
type Place struct {
	Repo, Models string // folders
	Envs         string // holds an environment for each peer
	Logs, Temp   string
}

// setUpPatience is how long it may take to install a peer.
const setUpPatience = 15 * time.Minute

// SetUp makes the peer's environment.
func (p Peer) SetUp(ctx context.Context, place Place) error {
	if p.Unavailable != "" {
		return errors.New(p.Unavailable)
	}
	env := filepath.Join(place.Envs, p.Name)
	if err := os.MkdirAll(env, 0o755); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, setUpPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", p.Setup)
	cmd.Dir, cmd.Env = p.Dir, append(os.Environ(), "ENV="+env)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // installers have children
	cmd.WaitDelay = 5 * time.Second
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("set up: %w: %s", err, tail(said))
	}
	return nil
}

func tail(said []byte) string {
	const most = 400 // bytes
	return strings.TrimSpace(string(said[max(0, len(said)-most):]))
}

// Start starts the peer and returns where it answers, before it does.
func (p Peer) Start(set *proc.Set, place Place) (*proc.Process, string, error) {
	ports, err := proc.FreePorts(3)
	if err != nil {
		return nil, "", err
	}
	temp := filepath.Join(place.Temp, "t") // short: a path of a socket must be under 100 bytes
	if err := errors.Join(os.RemoveAll(temp), os.MkdirAll(temp, 0o755)); err != nil {
		return nil, "", err
	}
	process, err := set.Start(proc.Spec{
		Name: p.Name, Dir: p.Dir, Log: filepath.Join(place.Logs, "peer-"+p.Name), Args: []string{"sh", "-c", p.Serve},
		Env: []string{
			"ENV=" + filepath.Join(place.Envs, p.Name), "REPO=" + place.Repo, "MODEL=" + place.Models, "TMPDIR=" + temp,
			"PORT=" + strconv.Itoa(ports[0]), "PORT2=" + strconv.Itoa(ports[1]), "PORT3=" + strconv.Itoa(ports[2]),
		},
	})
	return process, fmt.Sprintf("127.0.0.1:%d", ports[0]), err
}

// Render fills a row into a template.
func Render(text string, row Row) ([]byte, error) {
	t, err := template.New("request").Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, row)
	return out.Bytes(), err
}

// Dig finds the number at a dotted path in a JSON document. A number in the
// path is an index.
func Dig(document []byte, path string) (float64, error) {
	var at any
	if err := json.Unmarshal(document, &at); err != nil {
		return 0, fmt.Errorf("answer: %w: %s", err, tail(document))
	}
	for step := range strings.SplitSeq(path, ".") {
		switch node := at.(type) {
		case map[string]any:
			at = node[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(node) {
				return 0, fmt.Errorf("answer: no item %q of %d", step, len(node))
			}
			at = node[i]
		default:
			return 0, fmt.Errorf("answer: nothing at %q: %s", step, tail(document))
		}
	}
	number, ok := at.(float64)
	if !ok {
		return 0, fmt.Errorf("answer: no number at %s: %s", path, tail(document))
	}
	return number, nil
}
