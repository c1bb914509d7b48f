package main

import (
	"crypto/tls"
	"log/slog"
	"slices"
	"strings"

	"github.com/wassef911/grpcgoesbrrr/server/certs"
)

// predictorTLSFlags say how hosts at https:// are known, and what is shown to them.
type predictorTLSFlags struct {
	PredictorCA         string `name:"predictor-ca" help:"Authorities (PEM) of the certificates of hosts at https://; the system's, if not given. This file and the next two are read again when they change." type:"existingfile"`
	PredictorCert       string `help:"Certificate (PEM) to show to hosts." type:"existingfile"`
	PredictorKey        string `help:"Its private key (PEM)." type:"existingfile"`
	PredictorServerName string `help:"Name that the certificates of hosts must have; that of the address, if not given."`
}

func (c *predictorTLSFlags) mistakes(overTLS bool) []error {
	given := c.PredictorCA + c.PredictorCert + c.PredictorKey + c.PredictorServerName
	return slices.Concat(
		unless((c.PredictorCert == "") == (c.PredictorKey == ""), "--predictor-cert and --predictor-key go together"),
		unless(overTLS || given == "", "--predictor-ca, --predictor-cert, --predictor-key and --predictor-server-name are for hosts at https://, and --predictor names none"),
	)
}

// overTLS reports whether any host is reached over TLS.
func (c *predictorFlags) overTLS() bool {
	return slices.ContainsFunc(strings.Split(strings.ToLower(c.Predictor), ","), func(address string) bool {
		return strings.HasPrefix(address, "https:") || strings.HasPrefix(address, "dns+https:")
	})
}

// openCertificates is nil if no host is reached over TLS.
func (c *predictorFlags) openCertificates(log *slog.Logger) (*certs.Source, error) {
	if !c.overTLS() {
		return nil, nil
	}
	return certs.Open(certs.Files{
		Cert: certs.File{Flag: "--predictor-cert", Path: c.PredictorCert}, Key: certs.File{Flag: "--predictor-key", Path: c.PredictorKey},
		CA: certs.File{Flag: "--predictor-ca", Path: c.PredictorCA},
	}, log)
}

// hostTLS is how a host at an address is dialled.
func (c *predictorTLSFlags) hostTLS(secured *certs.Source) func(host string) *tls.Config {
	return func(host string) *tls.Config {
		if c.PredictorServerName != "" {
			host = c.PredictorServerName
		}
		return secured.Client(host)
	}
}
