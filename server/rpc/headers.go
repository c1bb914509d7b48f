package rpc

import "net/http"

// What every answer says to browsers. The values are shared by all answers: whoever
// wants another one sets it anew, as the console does.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noStore    = []string{"no-store"} // answers are about somebody's payments
	// noContent: no answer of the API is a page, nor part of one.
	noContent = []string{"default-src 'none'; frame-ancestors 'none'"}
	// sameOrigin keeps answers out of other sites' pages. Pages that may call, by
	// CORS, are asked by that and not by this.
	sameOrigin = []string{"same-origin"}
	aYearOfTLS = []string{"max-age=31536000"}
)

// withSecurityHeaders is the outermost layer, so that refusals have them as well.
func withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"] = noSniff
		h["Referrer-Policy"] = noReferrer
		h["Cache-Control"] = noStore
		h["Content-Security-Policy"] = noContent
		h["Cross-Origin-Resource-Policy"] = sameOrigin
		if r.TLS != nil {
			h["Strict-Transport-Security"] = aYearOfTLS
		}
		next.ServeHTTP(w, r)
	})
}
