package main

import (
	"path/filepath"
	"testing"
)

func TestPartsHaveTheirPackageURL(t *testing.T) {
	for want, p := range map[string]part{
		"pkg:golang/golang.org/x/net@v0.1.0":             {Kind: "golang", Name: "golang.org/x/net", Version: "v0.1.0"},
		"pkg:golang/example.com/m@v2.0.0%2Bincompatible": {Kind: "golang", Name: "example.com/m", Version: "v2.0.0+incompatible"},
		"pkg:npm/%40bufbuild/protobuf@2.17.0":            {Kind: "npm", Name: "@bufbuild/protobuf", Version: "2.17.0"},
		"pkg:pypi/typing-extensions@4.16.0":              {Kind: "pypi", Name: "typing-extensions", Version: "4.16.0"},
	} {
		if got := p.purl(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestHashesOfLockFilesAreRead(t *testing.T) {
	const ones = "/////////////////////////////////////////w==" // 31 bytes
	for text, want := range map[string]string{"h1:" + ones: "SHA-256", "sha256-" + ones: "SHA-256", "sha512-" + ones: "SHA-512"} {
		got, err := parseHash(text)
		if err != nil || got.Algorithm != want || len(got.Content) != 62 || got.Content[:4] != "ffff" {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "md5-" + ones, "sha512-*"} {
		if got, err := parseHash(text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

// TestTheLockFileTellsWhatIsForMoreThanDevelopment has each kind of entry that npm writes.
func TestTheLockFileTellsWhatIsForMoreThanDevelopment(t *testing.T) {
	t.Chdir(t.TempDir())
	writeFile(t, "package-lock.json", `{"packages": {
		"": {"name": "ours", "version": "1.0.0", "license": "Apache-2.0"},
		"web": {"name": "console"},
		"node_modules/client": {"resolved": "client/typescript", "link": true},
		"node_modules/vite": {"version": "1.0.0", "license": "MIT", "dev": true},
		"node_modules/types": {"version": "1.0.0", "license": "MIT", "devOptional": true},
		"node_modules/react": {"version": "19.0.0", "license": "MIT", "integrity": "sha512-AAEC"},
		"node_modules/react/node_modules/@scope/inner": {"version": "2.0.0", "license": "(MIT AND ISC)", "integrity": "sha512-AAEC"}}}`)
	parts, err := npmParts()
	if err != nil {
		t.Fatal(err)
	}
	var list []part
	for _, p := range parts {
		list = append(list, p)
	}
	hash := hash{"SHA-512", "000102"}
	for i, want := range []part{
		{Kind: "npm", Name: "@scope/inner", Version: "2.0.0", License: "MIT AND ISC", Hash: hash},
		{Kind: "npm", Name: "react", Version: "19.0.0", License: "MIT", Hash: hash},
	} {
		if got := sorted(list)[i]; len(list) != 2 || compare(got, want) != 0 || got.License != want.License || got.Hash != hash || !got.Shipped {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}

func TestAListOfPythonPackagesThatIsNotWholeIsRefused(t *testing.T) {
	list := filepath.Join(t.TempDir(), "requirements.txt")
	writeFile(t, list, "# grpcio wants typing-extensions, lightgbm scipy and numpy.\ngrpcio==1.75.1\nlightgbm==4.6.0\n")
	parts, lacks, err := readRequirements(list)
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != 2 || parts[0].License != "Apache-2.0" || parts[1].License != "MIT" || parts[0].Shipped {
		t.Errorf("%+v", parts)
	}
	if len(lacks) != 3 || lacks[0] != "numpy" || lacks[1] != "scipy" || lacks[2] != "typing-extensions" {
		t.Errorf("it lacks %v", lacks)
	}
	if _, lacks, err := readRequirements(servesPython); err != nil || len(lacks) > 0 {
		t.Errorf("%s lacks %v, %v", servesPython, lacks, err)
	}
}
