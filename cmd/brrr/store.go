package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/settings"
	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
	"github.com/wassef911/grpcgoesbrrr/server/store/sqlite"
)

// storeFlags are where the store is.
type storeFlags struct {
	Data  string   `help:"Folder of the embedded store." default:"data" type:"path" env:"BRRR_DATA"`
	Store storeURL `help:"A store in Postgres instead of the embedded one: postgres://HOST/DATABASE. PGUSER, PGPASSWORD, PGPASSFILE, PGSSLMODE and the like are read." env:"BRRR_STORE"`
}

// open opens the store, wherever it is.
func (s storeFlags) open(ctx context.Context) (fraud.Store, error) {
	if s.Store == "" {
		return opened(sqlite.Open(ctx, s.Data))
	}
	return opened(postgres.Open(ctx, string(s.Store)))
}

// opened is a store, or none at all beside an error: not a pointer to none.
func opened[S fraud.Store](store S, err error) (fraud.Store, error) {
	if err != nil {
		return nil, err
	}
	return store, nil
}

// where is the store's place, for people.
func (s storeFlags) where() string {
	if s.Store == "" {
		return s.Data
	}
	return s.Store.String()
}

// oneStore is the store of a command that needs nothing else: --data on the command
// line is it, whatever the environment says.
type oneStore struct{ storeFlags }

// AfterApply holds what was given against BRRR_STORE. Kong calls it.
func (s *oneStore) AfterApply(line *kong.Context) error {
	given := flagsOn(line)
	if given["data"] && given["store"] {
		return errors.New("--data and --store exclude each other")
	}
	if given["data"] {
		s.Store = ""
	}
	return nil
}

// embedded refuses a store in Postgres, of which others take care.
func (s *oneStore) embedded(instead string) error {
	if s.Store == "" {
		return nil
	}
	return usageError{fmt.Errorf("this is for an embedded store, and --store (or BRRR_STORE) names one in Postgres: %s. --data names an embedded one", instead)}
}

// flagsOn are the flags that stand on a command line.
func flagsOn(line *kong.Context) map[string]bool {
	given := map[string]bool{}
	for _, p := range line.Path {
		if p.Flag != nil {
			given[p.Flag.Name] = true
		}
	}
	return given
}

// storeURL is where a store in Postgres is, or empty. It may hold a password.
type storeURL string

// String is the URL as people may see it.
func (u storeURL) String() string { return settings.Mask(string(u)) }

// UnmarshalText refuses what is not empty and no URL of Postgres, and does not repeat it.
func (u *storeURL) UnmarshalText(text []byte) error {
	read, err := url.Parse(string(text))
	scheme, _, isURL := strings.Cut(string(text), "://")
	switch {
	case len(text) == 0:
	case !isURL:
		return errors.New("must be empty, or begin with postgres:// or postgresql://")
	case scheme != "postgres" && scheme != "postgresql":
		return fmt.Errorf("must be empty, or begin with postgres:// or postgresql://, not %s://", settings.Mask(scheme))
	case err != nil || strings.Contains(read.Path+read.RawQuery, "@"): // an @ there stood in a password
		return errors.New("cannot be read: it must be like postgres://host:5432/database, with %40 for @, %2F for / and so on in a name or password")
	}
	*u = storeURL(text)
	return nil
}
