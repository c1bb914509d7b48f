package fraud

import (
	"context"
	"time"
)

// Act is something that somebody did to the service, as the audit log keeps it.
type Act struct {
	Seq    int64     // its place in the log, from 1; given by the store
	At     time.Time // by the clock of who did it
	Actor  string    // who did it: ActorServer, or a user of the machine such as user:alice
	Kind   ActKind
	Object string // what it was done to: a key's ID, a model's version, a file …
	Detail string // what else there is to know; never a secret
}

// ActorServer is the service itself, as the one who acts.
const ActorServer = "server"

// ActKind is what was done.
type ActKind string

// The kinds of acts. Object is named behind each.
const (
	ActKeyCreated     ActKind = "key.created"         // the key's ID; detail: its name, role and end
	ActKeyRevoked     ActKind = "key.revoked"         // the key's ID
	ActKeyUsed        ActKind = "key.used"            // the key's ID: its first use of a day, in UTC
	ActModelActivated ActKind = "model.activated"     // the name of a model's folder, made the active one
	ActModelServed    ActKind = "model.served"        // the version that answers now; detail: the one before
	ActServerStarted  ActKind = "server.started"      // the version of the program
	ActServerStopped  ActKind = "server.stopped"      // likewise
	ActConfigReloaded ActKind = "config.reloaded"     // what was read; detail: what changed
	ActStoreBackedUp  ActKind = "store.backed_up"     // the file
	ActStoreRestored  ActKind = "store.restored"      // the file
	ActMonthDropped   ActKind = "store.month_dropped" // the month, like 2025-11; detail: how many transactions
)

// Audit keeps what was done, and by whom. Nothing in it is ever changed or deleted.
type Audit interface {
	// RecordAct adds an act.
	RecordAct(ctx context.Context, act Act) error
	// ListActs returns acts, the last recorded first: at most q.Limit (at least 1).
	ListActs(ctx context.Context, q ActQuery) ([]Act, error)
}

// ActQuery chooses acts. A zero value of a field does not narrow.
type ActQuery struct {
	Kind   ActKind
	Object string
	Before int64 // acts whose Seq is below
	After  int64 // acts whose Seq is above
	Limit  int
}
