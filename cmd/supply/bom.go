package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
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
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type     string    `json:"type"`
	Ref      string    `json:"bom-ref"`
	Name     string    `json:"name"`
	Version  string    `json:"version,omitempty"`
	Licenses []license `json:"licenses"`
	PURL     string    `json:"purl"`
	// Scope tells what is in the archive (required) from what pip brings (optional).
	Scope string `json:"scope,omitempty"`
}

type license struct {
	Expression string `json:"expression"`
}

// bomText lists the parts of one target's archive.
func bomText(version string, t target, parts []part, when time.Time) ([]byte, error) {
	self := part{Kind: "golang", Name: "github.com/wassef911/grpcgoesbrrr", Version: version, License: "Apache-2.0"}
	list := bom{Format: "CycloneDX", Spec: "1.6", Version: 1, Metadata: metadata{
		Timestamp: when.Format(time.RFC3339), Component: asComponent("application", self, ""),
	}}
	for _, p := range parts {
		scope := "required"
		if p.dir == "" {
			scope = "optional"
		}
		if p.Name == "std" {
			built, err := goCommand(t, "env", "GOVERSION").Output()
			if err != nil {
				return nil, err
			}
			p.Version = strings.TrimPrefix(strings.TrimSpace(string(built)), "go")
		}
		list.Components = append(list.Components, asComponent("library", p, scope))
	}
	list.Serial = serial(t, list)
	text, err := json.MarshalIndent(list, "", "  ")
	return append(text, '\n'), err
}

func asComponent(kind string, p part, scope string) component {
	return component{Type: kind, Ref: p.purl(), Name: p.Name, Version: p.Version, Licenses: []license{{p.License}}, PURL: p.purl(), Scope: scope}
}

// serial is a UUID by what the list says, so that it is the same each time.
func serial(t target, list bom) string {
	text, _ := json.Marshal(list) // plain strings
	id := sha256.Sum256(append(text, t.String()...))
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8, of RFC 9562
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:16])
}
