package main

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// aside are files that are named like licences, and are of nothing that we ship.
var aside = map[string]string{
	"modernc.org/memory/LICENSE-LOGO":         "of a picture",
	"modernc.org/sqlite/LICENSE-3RD-PARTY.md": "of all that it is built and tested with; what is in the binary is a part of its own",
	"modernc.org/sqlite/LICENSE-SQLITE_VEC":   "of a package that is not in the binary",
}

// licenseFiles are the files with a licence's text in a folder.
func licenseFiles(module, folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		named := strings.HasPrefix(name, "LICEN") || strings.HasPrefix(name, "COPYING") || strings.HasPrefix(name, "NOTICE")
		if _, out := aside[module+"/"+e.Name()]; named && !out && !e.IsDir() {
			found = append(found, filepath.Join(folder, e.Name()))
		}
	}
	return found, nil
}

// licenseFilesOf are those of a module: in its folder, and in the folders between it and
// the packages of it that are used, as code of others may lie there.
func licenseFilesOf(module, root string, packages []string) ([]string, error) {
	folders := map[string]bool{root: true}
	for _, folder := range packages {
		for ; len(folder) > len(root); folder = filepath.Dir(folder) {
			folders[folder] = true
		}
	}
	var found []string
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		files, err := licenseFiles(module, folder)
		if err != nil {
			return nil, err
		}
		found = append(found, files...)
	}
	return found, nil
}

// licenseOf is what the texts of a module say; a notice is beside a licence, and none.
func licenseOf(files []string) (string, error) {
	var found []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		if !strings.HasPrefix(strings.ToUpper(filepath.Base(file)), "NOTICE") {
			found = append(found, cmp.Or(classify(string(text)), "unknown"))
		}
	}
	return all(found), nil
}
