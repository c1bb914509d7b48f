package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"
)

// bom is a parts list as CycloneDX 1.6 has it.
type bom struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Serial     string      `json:"serialNumber"`
	Version    int         `json:"version"`
	Metadata   metadata    `json:"metadata"`
	Components []component `json:"components"`
}

type metadata struct {
	Timestamp  string     `json:"timestamp"`
	Component  component  `json:"component"`
	Properties []property `json:"properties"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type component struct {
	Type     string    `json:"type"`
	Ref      string    `json:"bom-ref"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Scope    string    `json:"scope,omitempty"`
	Hashes   []hash    `json:"hashes,omitempty"`
	Licenses []license `json:"licenses"`
	PURL     string    `json:"purl"`
}

type license struct {
	Expression string `json:"expression"`
}

// bomText lists the parts of one archive, which is told by its binary. Go's version is
// among them.
func bomText(version string, binary []byte, node string, parts []part, when time.Time) ([]byte, error) {
	self := component{
		Type: "application", Name: "brrr", Version: version, Licenses: []license{{"Apache-2.0"}},
		PURL:   part{Kind: "golang", Name: "github.com/wassef911/grpcgoesbrrr", Version: version}.purl(),
		Hashes: []hash{{"SHA-256", fmt.Sprintf("%x", sha256.Sum256(binary))}},
	}
	self.Ref = self.PURL
	list := bom{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: metadata{when.Format(time.RFC3339), self, []property{{"brrr:built-with-node", node}}}, Components: []component{}}
	for _, p := range parts {
		list.Components = append(list.Components, asComponent(p))
	}
	list.Serial = serial(list)
	text, err := json.MarshalIndent(list, "", "  ")
	return append(text, '\n'), err
}

// asComponent is a part in the words of CycloneDX, for which what comes from elsewhere
// is optional.
func asComponent(p part) component {
	c := component{Type: "library", Ref: p.purl(), Name: p.Name, Version: p.Version, Scope: "optional", Licenses: []license{{p.License}}, PURL: p.purl()}
	if p.Shipped {
		c.Scope = "required"
	}
	if p.Hash != (hash{}) {
		c.Hashes = []hash{p.Hash}
	}
	return c
}

// serial is a UUID made of what the list says, so that it is the same each time.
func serial(list bom) string {
	text, _ := json.Marshal(list) // plain strings
	id := sha256.Sum256(text)
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8, of RFC 9562
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
}
