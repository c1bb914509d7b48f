package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"connectrpc.com/connect"

	"github.com/wassef911/grpcgoesbrrr/client"
	"github.com/wassef911/grpcgoesbrrr/server/certs"
)

// remote is where the client commands find the service.
type remote struct {
	Server string `help:"Where the service listens." default:"http://127.0.0.1:8080" env:"BRRR_SERVER"`
	callerFlags
}

// callerFlags are what is shown to the service, and to whom it is shown.
type callerFlags struct {
	keyFlags
	remoteTLS
}

// keyFlags are the key to call with.
type keyFlags struct {
	Key     string `help:"Key to call with. Better given in the environment or a file, which no list of processes shows." env:"BRRR_KEY"`
	KeyFile string `help:"File that holds the key, instead of --key." type:"existingfile" env:"BRRR_KEY_FILE"`
}

// key is the key that is given. Where none is, that is the error.
func (k keyFlags) key() (string, error) {
	if k.Key != "" {
		return k.Key, nil
	}
	if k.KeyFile == "" {
		return "", errors.New("no key: set BRRR_KEY or BRRR_KEY_FILE (brrr keys create makes one)")
	}
	text, err := os.ReadFile(k.KeyFile)
	if err != nil {
		return "", fmt.Errorf("--key-file: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" {
		return "", fmt.Errorf("--key-file: %s is empty", k.KeyFile)
	}
	return key, nil
}

// remoteTLS is how the service is known at https://, and what is shown to it.
type remoteTLS struct {
	CA         string `help:"Authorities (PEM) of the service's certificate; the system's, if not given." type:"existingfile" env:"BRRR_CA"`
	ClientCert string `help:"Certificate (PEM) to show to the service." type:"existingfile" env:"BRRR_CLIENT_CERT"`
	ClientKey  string `help:"Its private key (PEM)." type:"existingfile" env:"BRRR_CLIENT_KEY"`
}

func (r remote) dial(options ...connect.ClientOption) (client.Client, error) {
	key, err := r.key()
	if err != nil {
		return nil, err
	}
	if r.remoteTLS == (remoteTLS{}) {
		return client.New(r.Server, key, options...), nil
	}
	over, err := r.http()
	if err != nil {
		return nil, err
	}
	return client.NewWithHTTP(over, r.Server, key, options...), nil
}

func (r remoteTLS) http() (*http.Client, error) {
	if (r.ClientCert == "") != (r.ClientKey == "") {
		return nil, errors.New("--client-cert and --client-key go together")
	}
	files, err := certs.Open(certs.Files{
		Cert: certs.File{Flag: "--client-cert", Path: r.ClientCert}, Key: certs.File{Flag: "--client-key", Path: r.ClientKey},
		CA: certs.File{Flag: "--ca", Path: r.CA},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig, transport.ForceAttemptHTTP2 = files.Client(""), true
	return &http.Client{Transport: transport}, nil
}

// explain words an error for a terminal: the service's own message, and the
// stable reason behind it.
func explain(err error) error {
	var failed *connect.Error
	if !errors.As(err, &failed) {
		return err
	}
	if reason := client.Reason(err); reason != "" {
		return fmt.Errorf("%s (%s)", failed.Message(), reason)
	}
	return fmt.Errorf("the service did not answer: %s", failed.Message())
}
