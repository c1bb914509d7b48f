package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

type modelActivateCmd struct {
	modelsDir
	oneStore
	Name   string `arg:"" help:"Name of the model's folder."`
	Server string `help:"Service to wait for until it serves the model. If not given, nothing is waited for. The key needs READ." env:"BRRR_SERVER"`
	callerFlags
	Wait time.Duration `help:"How long to wait. The service looks for another model once a second." default:"10s"`
}

// modelName is what the Python side takes for a name in the file active.
var modelName = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,128}$`)

// activationPoll is how often the service is asked what it serves.
const activationPoll = 100 * time.Millisecond

// Run names the model in the file active, and waits until it serves.
func (c *modelActivateCmd) Run(ctx context.Context, streams streams) error {
	dir, err := c.folder()
	if err != nil {
		return err
	}
	if !modelName.MatchString(c.Name) || c.Name == "." || c.Name == ".." {
		return fmt.Errorf("%q is not the name of a model: 1 to 128 of A-Z a-z 0-9 . _ : -", c.Name)
	}
	about, err := readManifest(filepath.Join(dir, c.Name))
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, c.Name), err)
	}
	before, err := readActive(dir)
	if err != nil {
		return err
	}
	service, refused, err := c.reach(ctx)
	if err != nil {
		return err
	}
	err = writeWhole(filepath.Join(dir, activeFile), func(w io.Writer) error {
		_, err := fmt.Fprintln(w, c.Name)
		return err
	})
	if err != nil {
		return err
	}
	if err := c.recordAct(ctx); err != nil {
		return fmt.Errorf("%s is active, but the audit log does not say so: %w", c.Name, err)
	}
	if service == nil {
		fmt.Fprintf(streams.out, "%s is active. No service was asked whether it takes it: none is given (BRRR_SERVER).\n", c.Name)
		return nil
	}
	serving, err := c.await(ctx, service, about.Version, refused)
	if err := c.verdict(about.Version, before, serving, err); err != nil {
		return err
	}
	fmt.Fprintf(streams.out, "serving %s\n", about.Version)
	return nil
}

// recordAct adds to the audit log who did so, where the service's store is in Postgres
// or on this machine. Elsewhere the service adds by itself that another version answers.
func (c *modelActivateCmd) recordAct(ctx context.Context) error {
	if _, err := os.Stat(sqlite.StoreFile(c.Data)); err != nil && c.Store == "" {
		return nil
	}
	return recordAct(ctx, c.storeFlags, fraud.ActModelActivated, c.Name)
}

// reach asks the service, if there is one, what it refuses now. One that may not
// be asked is told before anything changes; one that does not answer may be
// down for want of this very model.
func (c *modelActivateCmd) reach(ctx context.Context) (service client.Client, refused string, err error) {
	if c.Server == "" {
		return nil, "", nil
	}
	if service, err = (remote{c.Server, c.callerFlags}).dial(); err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	now, err := service.GetModel(ctx, &fraudactivityv1.GetModelRequest{})
	if code := connect.CodeOf(err); err != nil && (code == connect.CodeUnauthenticated || code == connect.CodePermissionDenied) {
		return nil, "", err
	}
	return service, now.GetRefusedReplacement(), nil
}

// await asks until the service serves version or refuses it, and returns what it
// answered last. A refusal in the words of the one from before may still be that
// one, so that it is only believed when time is up.
func (c *modelActivateCmd) await(ctx context.Context, service client.Client, version, refusedBefore string) (*fraudactivityv1.Model, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	var last *fraudactivityv1.Model
	err := errors.New("it has not answered")
	for {
		model, failed := service.GetModel(ctx, &fraudactivityv1.GetModelRequest{})
		if ctx.Err() == nil { // else the answer is only that time is up
			last, err = model, failed
		}
		refused := last.GetRefusedReplacement()
		if last.GetVersion() == version || refused != "" && refused != refusedBefore {
			return last, nil
		}
		select {
		case <-time.After(activationPoll):
		case <-ctx.Done():
			return last, err
		}
	}
}

// verdict is nil if the service serves version, or what became of it.
func (c *modelActivateCmd) verdict(version, before string, serving *fraudactivityv1.Model, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s is active, but the service does not serve it after %s: %s", c.Name, c.Wait, explain(err))
	case serving.Version == version:
		return nil
	case serving.RefusedReplacement == "":
		return fmt.Errorf("%s is active, but the service still serves %s after %s: does it take its models from this folder?",
			c.Name, serving.Version, c.Wait)
	}
	back := ""
	if before != "" && before != c.Name {
		back = fmt.Sprintf("; brrr model activate %s puts back what was active before", before)
	}
	return fmt.Errorf("%[1]s is refused: %[2]s; %[3]s still serves. With %[1]s active the model would not start anew%[4]s",
		c.Name, serving.RefusedReplacement, serving.Version, back)
}
