// Package web is the console: a page in the browser that speaks gRPC-Web to the
// server it comes from. `make build` makes it from src/.
package web

import (
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// pages are the paths that the page itself tells apart; below "transactions"
// stands an ID.
var pages = []string{"/", "/live", "/activity", "/overview", "/model"}

// policy lets the page load what this server serves and nothing else, run no
// script that is not a file of it, and be framed by nobody. Styles that scripts
// set on elements are not inline styles.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'"

// Handler serves the console at the paths of its pages and assets, and knows no
// others.
func Handler() http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the pattern above names another folder
	}
	return &console{files}
}

type console struct{ files fs.FS }

func (c *console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	head := w.Header()
	head.Set("Content-Security-Policy", policy)
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if isPage(r.URL.Path) {
		name = "index.html"
		head.Set("Cache-Control", "no-cache") // it names the assets of this version
	} else {
		head.Set("Cache-Control", "public, max-age=31536000, immutable") // their names change with them
	}
	c.serve(w, r, name)
}

// serve sends a file, packed as the build has packed it if the browser takes that.
func (c *console) serve(w http.ResponseWriter, r *http.Request, name string) {
	if info, err := fs.Stat(c.files, name); err != nil || info.IsDir() || path.Base(name)[0] == '.' {
		w.Header().Set("Cache-Control", "no-store")
		if name == "index.html" {
			http.Error(w, "This binary was built without the console: run make build.", http.StatusNotFound)
			return
		}
		http.NotFound(w, r)
		return
	}
	w.Header().Add("Vary", "Accept-Encoding")
	if _, err := fs.Stat(c.files, name+".gz"); err == nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		// Told here, since neither the packed file's name nor its bytes tell.
		w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
		w.Header().Set("Content-Encoding", "gzip")
		name += ".gz"
	}
	http.ServeFileFS(w, r, c.files, name)
}

func isPage(at string) bool {
	id, ok := strings.CutPrefix(at, "/transactions/")
	return slices.Contains(pages, at) || ok && id != "" && !strings.Contains(id, "/")
}
