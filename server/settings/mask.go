package settings

import "regexp"

var (
	// userinfo is what stands before the @ in a URL.
	userinfo = regexp.MustCompile(`(\w:/+)[^/\s"'@]*(?:@[^/\s"'@]*)*@`)
	// parameter is a secret in a database's connection string, or in a URL's query.
	parameter = regexp.MustCompile(`(?i)\b(\w*(?:password|passwd|secret|token)\w*=)[^&\s"';]+`)
)

// Masked stands where a secret was.
const Masked = "***"

// Mask hides what may be a secret in a text that is shown, logged or refused:
// settings name files where secrets are meant, but addresses can carry one.
func Mask(text string) string {
	text = userinfo.ReplaceAllString(text, "${1}"+Masked+"@")
	return parameter.ReplaceAllString(text, "${1}"+Masked)
}
