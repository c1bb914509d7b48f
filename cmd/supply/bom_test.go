package main

import (
	"encoding/json"
	"regexp"
	"testing"
	"time"
)

// twoParts are one that is shipped, and one that is not.
var twoParts = []part{
	{Kind: "golang", Name: "example.com/m", Version: "v1.0.0", License: "MIT AND ISC", Hash: hash{"SHA-256", "00ff"}, Shipped: true},
	{Kind: "pypi", Name: "numpy", Version: "2.0.0", License: "BSD-3-Clause"},
}

// read is a list as others read it: by the names of CycloneDX.
func read(t *testing.T, text []byte) (list map[string]any) {
	t.Helper()
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestThePartsListIsCycloneDX(t *testing.T) {
	text, err := bomText("v1.2.3", []byte("binary"), "v20.0.0", twoParts, time.Unix(1_700_000_000, 0).UTC())
	if err != nil {
		t.Fatal(err)
	}
	var got, want any = read(t, text), read(t, []byte(`{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "serialNumber": "its own",
		"metadata": {"timestamp": "2023-11-14T22:13:20Z", "properties": [{"name": "brrr:built-with-node", "value": "v20.0.0"}], "component": {
			"type": "application", "name": "brrr", "version": "v1.2.3", "licenses": [{"expression": "Apache-2.0"}],
			"bom-ref": "pkg:golang/github.com/wassef911/grpcgoesbrrr@v1.2.3", "purl": "pkg:golang/github.com/wassef911/grpcgoesbrrr@v1.2.3",
			"hashes": [{"alg": "SHA-256", "content": "9a3a45d01531a20e89ac6ae10b0b0beb0492acd7216a368aa062d1a5fecaf9cd"}]}},
		"components": [
			{"type": "library", "name": "example.com/m", "version": "v1.0.0", "scope": "required", "licenses": [{"expression": "MIT AND ISC"}],
			 "bom-ref": "pkg:golang/example.com/m@v1.0.0", "purl": "pkg:golang/example.com/m@v1.0.0", "hashes": [{"alg": "SHA-256", "content": "00ff"}]},
			{"type": "library", "name": "numpy", "version": "2.0.0", "scope": "optional", "licenses": [{"expression": "BSD-3-Clause"}],
			 "bom-ref": "pkg:pypi/numpy@2.0.0", "purl": "pkg:pypi/numpy@2.0.0"}]}`))
	serial := got.(map[string]any)["serialNumber"].(string)
	if !regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(serial) {
		t.Errorf("serialNumber is %s", serial)
	}
	got.(map[string]any)["serialNumber"] = "its own"
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(want)
	if string(a) != string(b) {
		t.Errorf("%s\nwant\n%s", a, b)
	}
}

func TestThePartsListIsTheSameForTheSamePartsAlone(t *testing.T) {
	seen := map[string]string{}
	for name, binary := range map[string]string{"one": "binary", "again": "binary", "another": "other"} {
		text, err := bomText("v1.2.3", []byte(binary), "v20.0.0", twoParts, time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		seen[name] = read(t, text)["serialNumber"].(string)
	}
	if seen["one"] != seen["again"] || seen["one"] == seen["another"] {
		t.Errorf("%v", seen)
	}
}
