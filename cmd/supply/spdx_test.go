package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// Sentences of the texts of licences, broken into lines as some do.
const (
	apache  = "                                 Apache License\n                           Version 2.0, January 2004\n"
	apache2 = "Licensed under the Apache License, Version 2.0 (the \"License\")"
	mit     = "Permission is hereby granted, free of\ncharge, to any person obtaining a copy"
	isc     = "Permission to use, copy, modify, and/or distribute this software for any\npurpose"
	bsd2    = "Redistribution and use in source and binary forms, with or without\nmodification, are permitted"
	bsd3    = bsd2 + "\n   * Neither the name of Google Inc. nor the names of its\ncontributors"
	gpl     = "GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007"
	lgpl    = "GNU LESSER GENERAL PUBLIC LICENSE"
	agpl    = "GNU AFFERO GENERAL PUBLIC LICENSE"
	mpl     = "Mozilla Public License Version 2.0"
	sqlite  = "SQLite Is Public Domain"
)

func TestALicenceIsKnownByItsText(t *testing.T) {
	for text, want := range map[string]string{
		apache: "Apache-2.0", apache2: "Apache-2.0", mit: "MIT", isc: "ISC", bsd2: "BSD-2-Clause", bsd3: "BSD-3-Clause",
		gpl: "GPL", lgpl: "LGPL", agpl: "AGPL", mpl: "MPL-2.0", sqlite: "blessing",
		apache + bsd3: "Apache-2.0 AND BSD-3-Clause", mit + gpl: "GPL AND MIT",
		"All rights reserved.": "", "": "",
	} {
		if got := classify(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestLicencesThatMayNotBeShippedAreRefused(t *testing.T) {
	for license, well := range map[string]bool{
		"MIT": true, "Apache-2.0 AND BSD-3-Clause": true, "MIT OR GPL-3.0": true, "(MIT OR GPL-3.0) AND ISC": true,
		"GPL": false, "GPL AND MIT": false, "AGPL": false, "LGPL": false, "MPL-2.0": false, "GPL-3.0 OR AGPL": false,
		"MIT AND unknown": false, "": false, "BSD License": false,
	} {
		err := refuse(part{Kind: "npm", Name: "left-pad", License: license})
		if well && err != nil {
			t.Errorf("%q: %v", license, err)
		}
		if !well {
			wantError(t, err, "npm left-pad: licence ")
		}
	}
}

// TestCodeOfOthersInAModuleBringsItsLicence has a module under MIT, with a package that is
// a copy from elsewhere, and one that is not used.
func TestCodeOfOthersInAModuleBringsItsLicence(t *testing.T) {
	module := t.TempDir()
	used := filepath.Join(module, "internal", "copied", "deep")
	for name, text := range map[string]string{
		"LICENSE": mit, "NOTICE": "This product has parts of " + gpl, "README.md": gpl,
		"internal/copied/COPYING": bsd3, "internal/copied/deep/code.go": "", "unused/LICENSE": gpl,
	} {
		writeFile(t, filepath.Join(module, name), text)
	}
	files, err := licenseFilesOf("example.com/m", module, []string{used})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		name, _ := filepath.Rel(module, file)
		names = append(names, name)
	}
	if got := strings.Join(names, " "); got != "LICENSE NOTICE internal/copied/COPYING" {
		t.Errorf("its texts are %s", got)
	}
	if license, err := licenseOf(files); err != nil || license != "BSD-3-Clause AND MIT" {
		t.Errorf("%q, %v", license, err)
	}
	writeFile(t, filepath.Join(module, "LICENSE-MODEL"), "You may not.")
	if files, err = licenseFilesOf("example.com/m", module, nil); err != nil {
		t.Fatal(err)
	}
	if license, err := licenseOf(files); err != nil || license != "MIT AND unknown" {
		t.Errorf("with a text that nobody knows: %q, %v", license, err)
	}
}

// TestFilesThatAreLeftAsideExist keeps the list of exceptions from outliving them.
func TestFilesThatAreLeftAsideExist(t *testing.T) {
	for file := range aside {
		module, name := strings.TrimSuffix(file, "/"+filepath.Base(file)), filepath.Base(file)
		folder, err := goSays(target{}, "list", "-m", "-f", "{{.Dir}}", module)
		if err != nil {
			t.Fatal(err)
		}
		readFile(t, folder, name)
	}
}
