package certs

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// authorities are who may have signed the certificates of the other side.
type authorities struct {
	pool *x509.CertPool
	list []*x509.Certificate
}

// whole refuses a file that is still being written. The standard library would pass
// over a block without its end, and with it over an authority, or a part of a chain.
func whole(content []byte) error {
	blocks := 0
	for rest := content; ; blocks++ {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
	}
	switch begun := bytes.Count(content, []byte("-----BEGIN ")); {
	case begun == 0:
		return errors.New("holds no PEM")
	case begun != blocks:
		return errors.New("is damaged, or cut short")
	}
	return nil
}

// parsePair reads a certificate, with its chain, and its key.
func parsePair(contents [][]byte, replaces bool) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(contents[0], contents[1])
	if err != nil {
		return nil, err
	}
	if until := pair.Leaf.NotAfter; replaces && time.Now().After(until) {
		return nil, fmt.Errorf("expired on %s", until.UTC().Format(time.RFC3339))
	}
	return &pair, nil
}

// parseAuthorities reads certificates, one or more.
func parseAuthorities(contents [][]byte, _ bool) (authorities, error) {
	found := authorities{pool: x509.NewCertPool()}
	for rest := contents[0]; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return found, nil
		}
		if block.Type != "CERTIFICATE" {
			return found, fmt.Errorf("holds %s, where certificates are to be", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return found, err
		}
		found.pool.AddCert(c)
		found.list = append(found.list, c)
	}
}
