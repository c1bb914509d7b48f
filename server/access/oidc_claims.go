package access

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-jose/go-jose/v4/jwt"
)

// claims are what a token says.
type claims struct {
	jwt.Claims
	all map[string]any
}

// admit holds a token, whose signature is to be seen to, to what the issuer's must
// say. The caller is known until it expires.
func (i Issuer) admit(token *jwt.JSONWebToken, now time.Time) (Caller, time.Time, error) {
	var c claims
	if token.UnsafeClaimsWithoutVerification(&c.Claims, &c.all) != nil {
		return Caller{}, now, unauthenticated("malformed token")
	}
	err := c.ValidateWithLeeway(jwt.Expected{Issuer: i.URL, AnyAudience: i.Audiences, Time: now}, i.ClockSkew)
	switch {
	case errors.Is(err, jwt.ErrInvalidIssuer):
		return Caller{}, now, unauthenticated("this token is of another issuer")
	case errors.Is(err, jwt.ErrInvalidAudience):
		return Caller{}, now, unauthenticated("this token is for another audience")
	case errors.Is(err, jwt.ErrNotValidYet) || errors.Is(err, jwt.ErrIssuedInTheFuture):
		return Caller{}, now, unauthenticated("this token is not valid yet")
	case c.Expiry == nil:
		return Caller{}, now, unauthenticated("this token does not say when it expires")
	case err != nil || !now.Before(c.Expiry.Time().Add(i.ClockSkew)):
		return Caller{}, now, unauthenticated("this token has expired")
	case c.Subject == "":
		return Caller{}, now, unauthenticated("this token does not say of whom it is")
	}
	caller := Caller{KeyID: subjectID(c.Subject), Name: c.name(), Role: i.role(c.all)}
	if caller.Role == "" {
		caller.NoRole = fmt.Sprintf("the claim %q of this token names no role", i.RoleClaim)
	}
	return caller, c.Expiry.Time().Add(i.ClockSkew), nil
}

// role is the most powerful one of those that the claim names, or empty.
func (i Issuer) role(all map[string]any) string {
	found := ""
	for _, value := range values(claimAt(all, i.RoleClaim)) {
		role := value
		if len(i.Roles) > 0 {
			role = i.Roles[value]
		}
		if slices.Index(Roles, role) > slices.Index(Roles, found) {
			found = role
		}
	}
	return found
}

// claimAt is the claim of that name, which may hold dots itself, or else the one at
// the end of the path.
func claimAt(all map[string]any, path string) any {
	if found, ok := all[path]; ok {
		return found
	}
	first, rest, deeper := strings.Cut(path, ".")
	if within, ok := all[first].(map[string]any); ok && deeper {
		return claimAt(within, rest)
	}
	return nil
}

// values are those of a claim that is a string or a list.
func values(claim any) (texts []string) {
	switch c := claim.(type) {
	case string:
		return []string{c}
	case []any:
		for _, one := range c {
			if text, ok := one.(string); ok {
				texts = append(texts, text)
			}
		}
	}
	return texts
}

// maxShown bounds what of a token stands in the record and the log.
const maxShown = 128

// subjectID names the subject of a token as keys are named. One that is long, or not
// plain, is named by its hash: no plain one has a tilde.
func subjectID(subject string) string {
	if len(subject) <= maxShown && !strings.ContainsFunc(subject, notPlain) {
		return "oidc:" + subject
	}
	hash := sha256.Sum256([]byte(subject))
	return "oidc:~" + encoding.EncodeToString(hash[:20])
}

func notPlain(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._:@|/+=", r)
}

// name is what people call the subject.
func (c claims) name() string {
	for _, claim := range []string{"name", "email"} {
		if text, _ := c.all[claim].(string); text != "" {
			return shown(text)
		}
	}
	return shown(c.Subject)
}

func shown(text string) string {
	printable := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if runes := []rune(printable); len(runes) > maxShown {
		return string(runes[:maxShown])
	}
	return printable
}
