package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/wassef911/grpcgoesbrrr/bench/data"
	"github.com/wassef911/grpcgoesbrrr/bench/load"
	"github.com/wassef911/grpcgoesbrrr/bench/proc"
	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/store/pgtest"
	"github.com/wassef911/grpcgoesbrrr/server/store/postgres"
)

// volumeCmd measures what many transactions in Postgres cost: to bring them in, on
// the disk, and for whoever asks about one of them.
type volumeCmd struct {
	Small int64 `help:"Transactions of the database to compare with." default:"100000"`
	Large int64 `help:"Transactions of the large one." default:"10000000"`
	Calls int   `help:"Calls of each kind in each of ten turns." default:"100"`
}

// turns are ten, and one that warms up.
const turns = 11

// volume is one database, with a gateway on it.
type volume struct {
	recorded int64
	assessed int64 // of the first
	name     string
	gateway  *gateway
	client   client.Client
	fresh    int64 // the next that is not assessed
	took     map[string][]time.Duration
}

// Run fills two databases, and asks them turn and turn about.
func (c *volumeCmd) Run(ctx context.Context) (err error) {
	b := &bench{runCmd: runCmd{Recorded: c.Small, Results: ".cache/volume.json", Docs: ".cache/volume.md", Quick: true}, set: proc.NewSet(), barred: map[string]bool{}}
	defer func() { err = errors.Join(err, b.tearDown()) }()
	if err := b.setUp(ctx); err != nil {
		return err
	}
	server, end, err := pgtest.Run(b.cache, postgresSettings...)
	if err != nil {
		return err
	}
	defer func() {
		b.set.StopAll() // who uses it, first
		_ = end()       // nothing depends on how it ends
	}()
	var volumes []*volume
	for _, recorded := range []int64{c.Small, c.Large} {
		v := &volume{recorded: recorded, name: fmt.Sprint("v", recorded), took: map[string][]time.Duration{}}
		v.assessed = recorded - int64(turns*c.Calls) // or pages of an account would be shorter in the small one
		v.fresh = v.assessed
		if err := v.fill(ctx, server); err != nil {
			return err
		}
		if err := v.open(ctx, b, server); err != nil {
			return err
		}
		volumes = append(volumes, v)
	}
	for turn := range turns {
		for _, v := range volumes {
			if err := v.ask(ctx, c.Calls, turn > 0); err != nil {
				return err
			}
		}
	}
	show(volumes)
	return nil
}

// fill records, assesses and labels, and tells what that came to.
func (v *volume) fill(ctx context.Context, server *pgtest.Server) error {
	if _, err := server.Do("postgres", "CREATE DATABASE "+v.name); err != nil {
		return err
	}
	if _, _, err := postgres.Migrate(ctx, server.URL(v.name)); err != nil {
		return err
	}
	store, err := postgres.Open(ctx, server.URL(v.name))
	if err != nil {
		return err
	}
	began := time.Now()
	if err := data.Fill(ctx, store, v.recorded, say); err != nil {
		return err
	}
	recorded := time.Since(began)
	began = time.Now()
	if err := v.assess(ctx, store); err != nil {
		return err
	}
	assessed := time.Since(began)
	if err := v.awaitFolded(ctx, server); err != nil {
		return err
	}
	if err := store.Close(); err != nil {
		return err
	}
	if _, err := server.Do(v.name, "VACUUM ANALYZE"); err != nil {
		return err
	}
	say("%d transactions: recorded %.0f/s (calls of 1,000, one after the other), assessments recorded %.0f/s (two at once)",
		v.recorded, float64(v.recorded)/recorded.Seconds(), float64(v.assessed)/assessed.Seconds())
	sizes, err := server.Do(v.name, `
		SELECT parent, round(sum(pg_table_size(oid)) / `+fmt.Sprint(v.recorded)+`.0, 1), round(sum(pg_indexes_size(oid)) / `+fmt.Sprint(v.recorded)+`.0, 1) FROM (
			SELECT coalesce((SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid), c.oid)::regclass AS parent, oid
			FROM pg_class AS c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace) AS tables
		GROUP BY parent HAVING sum(pg_total_relation_size(oid)) > `+fmt.Sprint(v.recorded)+` ORDER BY 2 DESC`)
	if err != nil {
		return err
	}
	whole, err := server.Do(v.name, "SELECT pg_database_size(current_database())")
	say("bytes a transaction (table|rows|indexes):\n%s\nthe whole database: %s bytes", strings.TrimSpace(sizes), strings.TrimSpace(whole))
	return err
}

const volumeVersion = "bench-1"

// assess records what a model might have said over the year, and labels one in a hundred.
func (v *volume) assess(ctx context.Context, store *postgres.Store) error {
	year := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(2)
	for first := int64(0); first < v.assessed && ctx.Err() == nil; first += 1000 {
		all.Go(func() error {
			ids := make([]string, min(1000, v.assessed-first))
			for i := range ids {
				ids[i] = load.ID(first + int64(i))
			}
			found, err := store.LookUp(ctx, ids, volumeVersion)
			if err != nil {
				return err
			}
			assessments, outcomes := make([]fraud.Assessment, len(found)), []fraud.Outcome{}
			for i, r := range found {
				number := first + int64(i)
				p := rand.Float64()
				if number%50 > 0 {
					p /= 40 // as models do with nearly all
				}
				at := year.Add(time.Duration(float64(number) / float64(v.recorded) * 365 * 24 * float64(time.Hour)))
				assessments[i] = fraud.Assessment{Transaction: r.Transaction, ModelVersion: volumeVersion, Label: p > 0.5, Probability: p, Threshold: 0.5, AssessedAt: at, AssessedBy: "k3Jx9aPq"}
				if number%100 == 0 {
					outcomes = append(outcomes, fraud.Outcome{TransactionID: ids[i], Label: fraud.OutcomeLabel(1 + number/100%2), Source: fraud.SourceChargeback, OccurredAt: at.Add(time.Hour), ReportedBy: "k3Jx9aPq"})
				}
			}
			if _, err := store.RecordAssessments(ctx, assessments); err != nil {
				return err
			}
			_, err = store.ReportOutcomes(ctx, outcomes)
			return err
		})
	}
	return all.Wait()
}

func (v *volume) awaitFolded(ctx context.Context, server *pgtest.Server) error {
	for {
		left, err := server.Do(v.name, "SELECT last - assessment_seq < 5000 FROM record_ends, summary_marks WHERE kind = 'assessments'")
		if err != nil || strings.TrimSpace(left) == "t" {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// open starts a gateway.
func (v *volume) open(ctx context.Context, b *bench, server *pgtest.Server) error {
	v.gateway = b.newGateway(data.Pristine{Recorded: v.recorded, Dir: filepath.Join(b.cache, v.name)}, "local")
	v.gateway.role = "admin"
	v.gateway.place = func(context.Context) ([]string, error) { return []string{"--store", server.URL(v.name)}, nil }
	if err := v.gateway.ready(ctx); err != nil {
		return err
	}
	v.client = client.New(v.gateway.url(), v.gateway.key)
	return nil
}

// ask makes so many calls of each kind, one after the other.
func (v *volume) ask(ctx context.Context, calls int, counts bool) error {
	from := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, kind := range []struct {
		name string
		call func(i int) error
	}{
		{"GetFraudActivity, not assessed before", func(int) error {
			v.fresh++
			_, err := v.client.GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: load.ID(v.fresh - 1)})
			return err
		}},
		{"ListFraudActivity, the newest 50", func(int) error {
			_, err := v.client.ListFraudActivity(ctx, &fraudactivityv1.ListFraudActivityRequest{PageSize: 50})
			return err
		}},
		{"ListFraudActivity, 50 of a day in June", func(i int) error {
			_, err := v.client.ListFraudActivity(ctx, &fraudactivityv1.ListFraudActivityRequest{PageSize: 50, Filter: &fraudactivityv1.Filter{
				From: timestamppb.New(from.AddDate(0, 0, i%28)), To: timestamppb.New(from.AddDate(0, 0, i%28+1))}})
			return err
		}},
		{"ListFraudActivity, an account's", func(i int) error {
			_, err := v.client.ListFraudActivity(ctx, &fraudactivityv1.ListFraudActivityRequest{PageSize: 50, Filter: &fraudactivityv1.Filter{
				AccountId: fmt.Sprintf("account-%07d", i*7%int(v.recorded/50))}})
			return err
		}},
		{"ListFraudActivity, the most probable 50", func(int) error {
			_, err := v.client.ListFraudActivity(ctx, &fraudactivityv1.ListFraudActivityRequest{PageSize: 50, Order: fraudactivityv1.Order_ORDER_FRAUD_PROBABILITY})
			return err
		}},
		{"SummarizeFraudActivity, 30 days by the hour", func(int) error {
			_, err := v.client.SummarizeFraudActivity(ctx, &fraudactivityv1.SummarizeFraudActivityRequest{
				From: timestamppb.New(from), To: timestamppb.New(from.AddDate(0, 0, 30)), Buckets: 720})
			return err
		}},
	} {
		for i := range calls {
			began := time.Now()
			if err := kind.call(i); err != nil {
				return fmt.Errorf("%s: %w", kind.name, err)
			}
			if counts {
				v.took[kind.name] = append(v.took[kind.name], time.Since(began))
			}
		}
	}
	return nil
}

// show prints medians side by side.
func show(volumes []*volume) {
	small, large := volumes[0], volumes[1]
	fmt.Printf("| one caller, ms (median, p99) | %d | %d | ratio of medians |\n|---|---|---|---|\n", small.recorded, large.recorded)
	var names []string
	for name := range small.took {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		a, b := small.took[name], large.took[name]
		slices.Sort(a)
		slices.Sort(b)
		ms := func(d []time.Duration, share int) float64 { return load.Micros(d[len(d)*share/100]) / 1000 }
		fmt.Printf("| %s | %.2f, %.2f | %.2f, %.2f | %.2f |\n", name, ms(a, 50), ms(a, 99), ms(b, 50), ms(b, 99), ms(b, 50)/ms(a, 50))
	}
}
