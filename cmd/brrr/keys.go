package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

type keysCmd struct {
	Create keysCreateCmd `cmd:"" help:"Create a key and print it, once."`
	List   keysListCmd   `cmd:"" help:"List keys. Secrets are not kept and cannot be shown."`
	Revoke keysRevokeCmd `cmd:"" help:"Revoke a key for good."`
}

type keysCreateCmd struct {
	oneStore
	Name    string   `help:"Whose key it is." required:""`
	Role    string   `help:"client (ASSESS), backend (ASSESS, RECORD), analyst (ASSESS, READ, LABEL) or admin (all)." required:"" enum:"client,backend,analyst,admin"`
	Expires lifetime `help:"How long it opens, such as 90d or 12h. For ever, if not given."`
}

// Run prints the key alone on standard output, so that a script can take it.
func (c *keysCreateCmd) Run(ctx context.Context, io streams) error {
	store, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	key, err := access.CreateKey(ctx, store, c.Name, c.Role, time.Duration(c.Expires), actor())
	if err != nil {
		return err
	}
	fmt.Fprintf(io.err, "Key of %q with role %s. It is shown this once.\n", c.Name, c.Role)
	fmt.Fprintln(io.out, key)
	return nil
}

type keysListCmd struct {
	oneStore
	output
}

// listedKey is a key as JSON, without what only the store is to know.
type listedKey struct {
	ID         string    `json:"key_id"`
	Name       string    `json:"name"`
	Role       string    `json:"role"`
	State      string    `json:"state"`
	CreatedAt  time.Time `json:"created_at"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
}

var keyColumns = []column{{head: "ID"}, {head: "NAME"}, {head: "ROLE"}, {head: "STATE"},
	{head: "CREATED (UTC)", rank: 3}, {head: "EXPIRES (UTC)", rank: 1}, {head: "LAST USED (UTC)", rank: 2}}

func (c *keysListCmd) Run(ctx context.Context, io streams) error {
	store, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	keys, err := store.ListKeys(ctx)
	if err != nil {
		return err
	}
	listed, rows := make([]listedKey, len(keys)), make([][]string, len(keys))
	for i, k := range keys {
		listed[i] = listedKey{k.ID, k.Name, k.Role, keyState(k), k.CreatedAt, k.ExpiresAt, k.LastUsedAt}
		rows[i] = []string{k.ID, k.Name, k.Role, keyState(k), showDay(k.CreatedAt), showDay(k.ExpiresAt), showDay(k.LastUsedAt)}
	}
	if c.json() {
		return printLines(io.out, listed)
	}
	return io.table(keyColumns, rows)
}

func keyState(k fraud.Key) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked"
	case !k.ExpiresAt.IsZero() && !time.Now().Before(k.ExpiresAt):
		return "expired"
	}
	return "open"
}

func showDay(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

type keysRevokeCmd struct {
	oneStore
	ID string `arg:"" help:"The key's ID: the part between brrr_ and the next underscore."`
}

func (c *keysRevokeCmd) Run(ctx context.Context, io streams) error {
	store, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer store.Close()
	found, err := store.RevokeKey(ctx, c.ID, time.Now(), actor())
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("no key %q (brrr keys list shows all)", c.ID)
	}
	fmt.Fprintf(io.err, "Key %s is revoked; servers refuse it within a second.\n", c.ID)
	return nil
}

// lifetime is a duration that also knows days, as in 90d.
type lifetime time.Duration

var days = regexp.MustCompile(`^([0-9]{1,5})d$`)

// UnmarshalText reads 90d, or what time.ParseDuration reads.
func (l *lifetime) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if m := days.FindSubmatch(text); m != nil {
		n, _ := strconv.Atoi(string(m[1]))
		d, err = time.Duration(n)*24*time.Hour, nil
	}
	if err != nil || d <= 0 {
		return fmt.Errorf("must be a time such as 90d or 12h, not %q", text)
	}
	*l = lifetime(d)
	return nil
}
