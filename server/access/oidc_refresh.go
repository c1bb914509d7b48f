package access

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"hash/maphash"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

const (
	// issuerTimeout bounds each question to the issuer.
	issuerTimeout = 5 * time.Second
	// issuerEvery is how often its keys are read: for so long one that it withdraws
	// still opens.
	issuerEvery = 5 * time.Minute
	// issuerAgain is the same after a failure.
	issuerAgain = 5 * time.Second
	// issuerPatience is the least time between two readings for the sake of keys not
	// seen yet, so that guesses cannot load the issuer.
	issuerPatience = 10 * time.Second
	// issuerLost is after how long without a reading the log says so once more.
	issuerLost = time.Hour
)

// OpenTokens begins to read the issuer's keys, until Close. It does not wait for the
// issuer: until this shows its keys, no token opens.
func OpenTokens(issuer Issuer, log *slog.Logger) (*Tokens, error) {
	client, err := issuer.client()
	if err != nil {
		return nil, err
	}
	return openTokens(issuer, client, log), nil
}

func openTokens(issuer Issuer, client *http.Client, log *slog.Logger) *Tokens {
	t := &Tokens{issuer: issuer, client: client, log: log, seed: maphash.MakeSeed(), reading: make(chan struct{}, 1)}
	t.life, t.stop = context.WithCancel(context.Background())
	t.reading <- struct{}{} // tokens that come first wait for the first reading
	t.stopped.Go(t.keepReading)
	return t
}

// Close stops reading.
func (t *Tokens) Close() {
	t.stop()
	t.stopped.Wait()
	t.client.CloseIdleConnections()
}

// Age is how long ago the issuer's keys were read; false if they never were.
func (t *Tokens) Age() (time.Duration, bool) {
	if read := t.read.Load(); read != nil {
		return time.Since(*read), true
	}
	return 0, false
}

// keepReading holds the token in the beginning.
func (t *Tokens) keepReading() {
	for {
		t.ask()
		wait := issuerEvery
		if t.failure != nil {
			wait = issuerAgain
		}
		<-t.reading
		if pause(t.life, wait) != nil {
			return
		}
		t.reading <- struct{}{}
	}
}

// seek reads the issuer's keys for the sake of one that it has not shown.
func (t *Tokens) seek(ctx context.Context, header jose.Header) error {
	select {
	case t.reading <- struct{}{}:
		defer func() { <-t.reading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	rest := issuerPatience - time.Since(t.sought)
	switch {
	case t.keys.Load().shows(header): // by now
		return nil
	case rest <= 0:
		t.sought = time.Now()
		t.ask() // until the end, though this caller may go: others wait for it too
	case t.failure == nil:
		return issuerUnavailable("the issuer has not shown this token's key, and was asked a moment ago", rest, nil)
	}
	if t.failure != nil {
		return issuerUnavailable("the issuer of this token cannot be asked for its keys", issuerAgain, t.failure)
	}
	return nil
}

func issuerUnavailable(message string, again time.Duration, cause error) error {
	return &fraud.Error{Reason: fraud.ReasonIssuerUnavailable, Message: message, RetryAfter: again, Cause: cause}
}

// ask reads the keys and keeps those of before if it cannot. Holds the token.
func (t *Tokens) ask() {
	keys, err := readIssuerKeys(t.life, t.client, t.issuer)
	now := time.Now()
	if t.life.Err() == nil {
		t.tell(err)
	}
	t.failure = err
	if err != nil {
		return
	}
	t.read.Store(&now)
	print := fingerprint(keys)
	if before := t.keys.Load(); before == nil || before.print != print {
		t.keys.Store(&issuerKeys{keys, before.ids(), print, newRecent[[sha256.Size]byte, opened](openedTokens), newRecent[uint64, string](openedTokens)})
		t.log.Info("the issuer's keys are new", "issuer", t.issuer.URL, "keys", len(keys))
	}
}

// maxWithdrawn bounds how many keys are remembered that are no longer shown.
const maxWithdrawn = 1000

// ids are those of all keys that were ever shown; of the last ones, if they are many.
func (k *issuerKeys) ids() map[string]bool {
	ids := map[string]bool{}
	if k == nil {
		return ids
	}
	if len(k.withdrawn) < maxWithdrawn {
		maps.Copy(ids, k.withdrawn)
	}
	for _, key := range k.keys {
		ids[key.KeyID] = true
	}
	return ids
}

// tell logs that readings begin to fail, have failed for long, and are well again.
func (t *Tokens) tell(err error) {
	age, ever := t.Age()
	lost := ever && age > issuerLost
	switch {
	case err != nil && lost && !t.told:
		t.log.Error("the issuer's keys were not read for long; one that it withdrew still opens", "issuer", t.issuer.URL, "age", age, "error", err)
	case err != nil && t.failure == nil:
		t.log.Warn("the issuer's keys cannot be read; those of before stay", "issuer", t.issuer.URL, "error", err)
	case err == nil && t.failure != nil:
		t.log.Info("the issuer's keys are read again", "issuer", t.issuer.URL)
	}
	t.told = err != nil && (lost || t.told)
}

// fingerprint tells keys from other keys, in whichever order.
func fingerprint(keys []jose.JSONWebKey) [sha256.Size]byte {
	texts := make([]string, len(keys))
	for i, key := range keys {
		text, _ := json.Marshal(key) // what was read can be written
		texts[i] = string(text)
	}
	slices.Sort(texts)
	all, _ := json.Marshal(texts)
	return sha256.Sum256(all)
}
