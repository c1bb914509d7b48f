package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// hash is a checksum as CycloneDX has it.
type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// algorithms are what lock files write before a hash. Go's h1 is SHA-256 over the
// hashes of a module's files, which others list as SHA-256 too.
var algorithms = map[string]string{"h1:": "SHA-256", "sha256-": "SHA-256", "sha384-": "SHA-384", "sha512-": "SHA-512"}

// parseHash reads what go.sum and package-lock.json hold a package to.
func parseHash(text string) (hash, error) {
	for prefix, algorithm := range algorithms {
		if encoded, ok := strings.CutPrefix(text, prefix); ok {
			bytes, err := base64.StdEncoding.DecodeString(encoded)
			return hash{algorithm, hex.EncodeToString(bytes)}, err
		}
	}
	return hash{}, fmt.Errorf("%q is no hash that is known here (cmd/supply/hash.go)", text)
}
