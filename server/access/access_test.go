package access_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
)

// keyStore is a fraud.Keys in memory, since fake time cannot wait for files.
type keyStore struct {
	mu     sync.Mutex
	keys   []fraud.Key
	reads  int
	broken error
	silent int // readings that are not answered
}

func (s *keyStore) CreateKey(_ context.Context, k fraud.Key, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, k)
	return s.broken
}

func (s *keyStore) CreateFirstKey(ctx context.Context, k fraud.Key, by string) (bool, error) {
	if keys, err := s.ListKeys(ctx); err != nil || len(keys) > 0 {
		return false, err
	}
	return true, s.CreateKey(ctx, k, by)
}

func (s *keyStore) ListKeys(ctx context.Context) ([]fraud.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	if s.silent > 0 {
		s.silent--
		s.mu.Unlock()
		<-ctx.Done()
		s.mu.Lock()
		return nil, ctx.Err()
	}
	return append([]fraud.Key(nil), s.keys...), s.broken
}

func (s *keyStore) RevokeKey(_ context.Context, id string, at time.Time, _ string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.keys {
		if s.keys[i].ID == id {
			s.keys[i].RevokedAt = at
			return true, nil
		}
	}
	return false, nil
}

func (s *keyStore) TouchKeys(_ context.Context, used map[string]time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.keys {
		if at, ok := used[s.keys[i].ID]; ok {
			s.keys[i].LastUsedAt = at
		}
	}
	return s.broken
}

func (s *keyStore) with(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
}

// inBubble runs do on fake time with an open keyring.
func inBubble(t *testing.T, do func(t *testing.T, store *keyStore, keys *access.Keyring)) {
	synctest.Test(t, func(t *testing.T) {
		store := &keyStore{}
		keys, err := access.OpenKeyring(context.Background(), store, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		defer keys.Close()
		do(t, store, keys)
	})
}

func create(t *testing.T, store fraud.Keys, role string, lifetime time.Duration) string {
	t.Helper()
	token, err := access.CreateKey(context.Background(), store, "test", role, lifetime, "user:test")
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func authenticate(keys *access.Keyring, token string) (access.Caller, error) {
	return keys.Authenticate(context.Background(), "Bearer "+token)
}

func TestOnlyTheHashOfASecretIsStored(t *testing.T) {
	store := &keyStore{}
	token := create(t, store, "client", 0)
	parts := strings.Split(token, "_")
	if len(parts) != 3 || parts[0] != "brrr" || parts[1] != store.keys[0].ID {
		t.Fatalf("token %q is not brrr_<id>_<secret>", token)
	}
	if store.keys[0].Hash != sha256.Sum256([]byte(parts[2])) {
		t.Error("what is stored is not the SHA-256 of the secret")
	}
	if len(parts[2]) < 50 { // 32 bytes in base32
		t.Errorf("the secret has %d characters", len(parts[2]))
	}
}

func TestAKeyMadeJustNowOpensAndKnowsItsRole(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		token := create(t, store, "analyst", 0)
		caller, err := authenticate(keys, token)
		if err != nil || caller.Role != "analyst" || caller.KeyID != store.keys[0].ID {
			t.Errorf("got %+v, %v", caller, err)
		}
	})
}

func TestTheStateOfKeysTellsWhichOpenAndWhenTheNextExpires(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		began := time.Now()
		for _, lifetime := range []time.Duration{0, time.Minute, 2 * time.Hour, 3 * time.Hour} {
			create(t, store, "client", lifetime)
		}
		create(t, store, "client", time.Second*90)
		store.RevokeKey(t.Context(), store.keys[4].ID, began, "user:test")
		time.Sleep(time.Hour)
		synctest.Wait()
		state := keys.State()
		if state.Valid != 3 || state.Expired != 1 || state.Revoked != 1 || !state.NextExpiry.Equal(store.keys[2].ExpiresAt) || time.Since(state.ReadAt) > time.Second {
			t.Errorf("%+v", state)
		}
		store.with(func() { store.broken = errors.New("broken"); store.keys = store.keys[:1] })
		time.Sleep(time.Minute)
		if state := keys.State(); state.Valid != 3 || time.Since(state.ReadAt) < 50*time.Second {
			t.Errorf("of a store that cannot be read: %+v", state)
		}
		store.with(func() { store.broken = nil })
		time.Sleep(time.Second)
		if state := keys.State(); state.Valid != 1 || !state.NextExpiry.IsZero() {
			t.Errorf("of a key that does not expire: %+v", state)
		}
	})
}

func TestRefusedKeys(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		good := create(t, store, "client", 0)
		for name, header := range map[string]string{
			"none":         "",
			"no scheme":    good,
			"other scheme": "Basic " + good,
			"no prefix":    "Bearer " + strings.TrimPrefix(good, "brrr_"),
			"no secret":    "Bearer " + good[:strings.LastIndex(good, "_")+1],
			"other secret": "Bearer " + good[:len(good)-1] + "!",
			"other id":     "Bearer brrr_aaaaaaaaaaaaa_" + good[strings.LastIndex(good, "_")+1:],
			"far too long": "Bearer " + good + strings.Repeat("a", 1000),
		} {
			_, err := keys.Authenticate(context.Background(), header)
			if fraud.ReasonOf(err) != fraud.ReasonUnauthenticated {
				t.Errorf("%s: %v", name, err)
			}
			if secret := good[len(good)-20:]; err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error tells the secret: %v", name, err)
			}
		}
	})
}

func TestAKeyExpires(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		token := create(t, store, "client", time.Hour)
		time.Sleep(time.Hour - time.Nanosecond)
		if _, err := authenticate(keys, token); err != nil {
			t.Errorf("within its life: %v", err)
		}
		time.Sleep(time.Nanosecond)
		if _, err := authenticate(keys, token); fraud.ReasonOf(err) != fraud.ReasonUnauthenticated {
			t.Errorf("after its life: %v", err)
		}
	})
}

func TestARevokedKeyIsRefusedWithinASecond(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		token := create(t, store, "client", 0)
		caller, err := authenticate(keys, token)
		if err != nil {
			t.Fatal(err)
		}
		store.RevokeKey(context.Background(), caller.KeyID, time.Now(), "user:test") // as another process does
		time.Sleep(time.Second)
		if _, err := authenticate(keys, token); fraud.ReasonOf(err) != fraud.ReasonUnauthenticated {
			t.Errorf("a second after: %v", err)
		}
	})
}

func TestKnownKeysCostNoReadAndUnknownOnesFew(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		token := create(t, store, "client", 0)
		authenticate(keys, token)
		before := store.reads
		for range 1000 {
			authenticate(keys, token)
		}
		if store.reads != before {
			t.Errorf("a known key was read %d times", store.reads-before)
		}
		began := time.Now()
		var guesses sync.WaitGroup
		for range 1000 {
			guesses.Go(func() { authenticate(keys, "brrr_aaaaaaaaaaaaa_guess") })
		}
		guesses.Wait()
		if reads := store.reads - before; reads > 2 {
			t.Errorf("1000 guesses at once cost %d reads", reads)
		}
		if took := time.Since(began); took > 100*time.Millisecond { // fake time
			t.Errorf("guesses were held for %s", took)
		}
	})
}

func TestKeysThatCannotBeReadStopOpening(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		token := create(t, store, "client", 0)
		authenticate(keys, token)
		store.with(func() { store.broken = errors.New("disk on fire") })
		time.Sleep(5 * time.Second)
		if _, err := authenticate(keys, token); err != nil {
			t.Errorf("after a short failure: %v", err)
		}
		time.Sleep(10 * time.Second)
		_, err := authenticate(keys, token)
		if fraud.ReasonOf(err) != fraud.ReasonStoreUnavailable {
			t.Errorf("after a long failure: %v, want STORE_UNAVAILABLE: a revocation may have gone unseen", err)
		}
	})
}

// TestAReadingThatIsNotAnsweredIsRepeated has a connection to the store be gone without
// a word: only one of several, say.
func TestAReadingThatIsNotAnsweredIsRepeated(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		token := create(t, store, "client", 0)
		authenticate(keys, token)
		store.with(func() { store.silent = 3 })
		time.Sleep(20 * time.Second)
		if _, err := authenticate(keys, token); err != nil {
			t.Errorf("after three without an answer: %v", err)
		}
	})
}

func TestLastUseIsWrittenDown(t *testing.T) {
	inBubble(t, func(t *testing.T, store *keyStore, keys *access.Keyring) {
		token := create(t, store, "client", 0)
		authenticate(keys, token)
		used := time.Now()
		time.Sleep(6 * time.Second)
		store.with(func() {
			if !store.keys[0].LastUsedAt.Equal(used) {
				t.Errorf("last use %s, want %s", store.keys[0].LastUsedAt, used)
			}
		})
	})
}

func TestCreateKeyRefusesByField(t *testing.T) {
	for name, c := range map[string]struct {
		name, role string
		lifetime   time.Duration
		want       string
	}{
		"no name":      {"  ", "client", 0, "name: "},
		"long name":    {strings.Repeat("n", 129), "client", 0, "name: "},
		"unknown role": {"n", "root", 0, "role: "},
		"in the past":  {"n", "client", -time.Hour, "expires: "},
	} {
		_, err := access.CreateKey(context.Background(), &keyStore{}, c.name, c.role, c.lifetime, "user:test")
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q…", name, err, c.want)
		}
	}
}

// TestWhoMayDoWhat is the design's table: every procedure of the contract, by
// the permissions that its option names, for every role.
func TestWhoMayDoWhat(t *testing.T) {
	allowed := map[string]string{
		"GetFraudActivity":         "client backend analyst admin",
		"BatchGetFraudActivity":    "client backend analyst admin",
		"AssessTransaction":        "backend admin",
		"RecordTransactions":       "backend admin",
		"ReportOutcome":            "analyst admin",
		"ListFraudActivity":        "analyst admin",
		"ListLabelledTransactions": "analyst admin",
		"WatchFraudActivity":       "analyst admin",
		"SummarizeFraudActivity":   "analyst admin",
		"GetModel":                 "analyst admin",
		"ListOutcomes":             "analyst admin",
		"GetCaller":                "client backend analyst admin",
	}
	methods := fraudactivityv1.File_fraudactivity_v1_service_proto.Services().ByName("FraudActivityService").Methods()
	if methods.Len() != len(allowed) {
		t.Errorf("the contract has %d procedures, this table %d", methods.Len(), len(allowed))
	}
	for i := range methods.Len() {
		name := string(methods.Get(i).Name())
		for _, role := range append(access.Roles, "", "root") {
			err := access.Permit(access.Caller{Role: role}, "/fraudactivity.v1.FraudActivityService/"+name)
			want := role != "" && strings.Contains(allowed[name], role)
			if (err == nil) != want || err != nil && fraud.ReasonOf(err) != fraud.ReasonPermissionDenied {
				t.Errorf("%s as %q: %v, allowed should be %v", name, role, err, want)
			}
		}
	}
}

func TestProceduresOutsideTheContractAreDeniedToAll(t *testing.T) {
	for _, procedure := range []string{"", "/", "/fraudactivity.v1.FraudActivityService/DropAll", "/other.Service/GetFraudActivity"} {
		if err := access.Permit(access.Caller{Role: "admin"}, procedure); fraud.ReasonOf(err) != fraud.ReasonPermissionDenied {
			t.Errorf("%q: %v", procedure, err)
		}
	}
}
