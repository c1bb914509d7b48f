package certs

import "crypto/tls"

// Server is for those who listen, over HTTP/2 and HTTP/1.1. Each handshake gets what
// is in use when it begins. With a CA, every caller must bring a certificate of it.
func (s *Source) Server() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			config := &tls.Config{
				MinVersion:   tls.VersionTLS12,
				NextProtos:   []string{"h2", "http/1.1"},
				Certificates: []tls.Certificate{*s.pair.get()},
			}
			if s.ca != nil {
				// Of a session that is resumed, the certificate is verified again.
				config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, s.ca.get().pool
			}
			return config, nil
		},
	}
}

// Client is for one connection that is dialled to serverName. Without a CA, it is
// the system's that count.
func (s *Source) Client(serverName string) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: serverName}
	if s.pair != nil {
		config.Certificates = []tls.Certificate{*s.pair.get()}
	}
	if s.ca != nil {
		config.RootCAs = s.ca.get().pool
	}
	return config
}
