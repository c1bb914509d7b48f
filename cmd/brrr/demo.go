package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/wassef911/grpcgoesbrrr/client"
	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
	"github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1/fraudactivityv1connect"
	"github.com/wassef911/grpcgoesbrrr/server/access"
	"github.com/wassef911/grpcgoesbrrr/server/fraud"
	"github.com/wassef911/grpcgoesbrrr/server/rpc"
)

// demoTransaction is in every simulation: the last payment of a takeover.
const demoTransaction = "Y12a34x56"

// demoEvery is the pace of the demo's traffic.
const demoEvery = 100 * time.Millisecond

// demo fills the store with simulated payments, serves, shows a first call and
// how to make another, and keeps a little traffic going.
func (c *serveCmd) demo(ctx context.Context, io streams, log *slog.Logger) error {
	say := func(format string, args ...any) { fmt.Fprintf(io.out, format+"\n", args...) }
	say("1/4  Simulating accounts and payments …")
	transactions, accounts, err := c.simulate(ctx)
	if err != nil {
		return err
	}
	say("2/4  Recording them in %s …", c.Data)
	load := importCmd{Files: []string{transactions}, Accounts: accounts, storeFlags: storeFlags{Data: c.Data}, Rejects: filepath.Join(c.Data, "demo-rejects.csv")}
	if err := load.Run(ctx, streams{io.in, io.out, io.out}); err != nil {
		return err
	}
	say("3/4  Starting the API and the Python model …")
	app, err := c.start(ctx, log)
	if err != nil {
		return err
	}
	key, err := c.showFirstCall(ctx, app, say)
	if err != nil {
		return errors.Join(err, app.close(c.DrainTimeout))
	}
	go traffic(ctx, client.New(app.url, key), transactions, log)
	return app.serveUntil(ctx, c.DrainDelay, c.DrainTimeout)
}

// simulate has the Python package write a few days of payments. The seed is
// another than that of the model's training data.
func (c *serveCmd) simulate(ctx context.Context) (transactions, accounts string, err error) {
	where, err := c.localPredictor()
	if err != nil {
		return "", "", err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return "", "", err
	}
	transactions, accounts = filepath.Join(c.Data, "demo.csv"), filepath.Join(c.Data, "demo-accounts.csv")
	cmd := where.Command(ctx, "simulate", "--transactions", transactions, "--accounts", accounts,
		"--accounts-count", "300", "--days", "60", "--seed", "2")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", "", fmt.Errorf("simulate: %w\n%s", err, said)
	}
	return transactions, accounts, nil
}

// showFirstCall makes a key, asks over HTTP like any client, and says how.
func (c *serveCmd) showFirstCall(ctx context.Context, app *app, say func(string, ...any)) (key string, err error) {
	if err := app.awaitReady(ctx); err != nil {
		return "", err
	}
	key, err = access.CreateKey(ctx, app.store, "demo", "admin", 24*time.Hour, fraud.ActorServer)
	if err != nil {
		return "", err
	}
	body := fmt.Sprintf(`{"transaction_id":%q}`, demoTransaction)
	say("4/4  POST %s%s %s", app.url, rpc.SeedPath, body)
	answer, err := post(ctx, app.url+rpc.SeedPath, key, body)
	if err != nil {
		return "", err
	}
	say("\n     %s\n", answer)
	say("Ask yourself, in another terminal:\n")
	say("curl -X POST %s%s -H 'Authorization: Bearer %s' -H 'content-type: application/json' -d '%s'\n", app.url, rpc.SeedPath, key, body)
	say("./node_modules/.bin/buf curl --http2-prior-knowledge -H 'Authorization: Bearer %s' -d '%s' %s%s\n",
		key, body, app.url, fraudactivityv1connect.FraudActivityServiceGetFraudActivityProcedure)
	say("BRRR_SERVER=%s BRRR_KEY=%s bin/brrr check %s --view explained\n", app.url, key, demoTransaction)
	say("Or look at it in a browser:\n\n%s\n", app.consoleLink(key))
	say("The key opens for a day. Serving until Ctrl-C …")
	return key, nil
}

func (a *app) awaitReady(ctx context.Context) error {
	const patience = 60 * time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the model did not answer within a minute; the log tells why"))
	defer cancel()
	for a.ready() != nil {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

func post(ctx context.Context, url, key, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil || res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s answered %s: %s", url, res.Status, answer)
	}
	return string(bytes.TrimSpace(answer)), nil
}

// traffic asks about one simulated payment after the other, from the newest to
// the oldest, so that lists have something to show.
func traffic(ctx context.Context, service client.Client, transactions string, log *slog.Logger) {
	ids, err := simulatedIDs(transactions)
	if err != nil {
		log.Error("demo traffic", "error", err)
		return
	}
	tick := time.NewTicker(demoEvery)
	defer tick.Stop()
	for i := len(ids) - 1; i >= 0; i-- {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := service.GetFraudActivity(ctx, &fraudactivityv1.GetFraudActivityRequest{TransactionId: ids[i]}); err != nil && ctx.Err() == nil {
			log.Warn("demo traffic", "transaction_id", ids[i], "error", err)
		}
	}
}

func simulatedIDs(transactions string) ([]string, error) {
	file, err := os.Open(transactions)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, row := range rows[1:] {
		ids = append(ids, row[0])
	}
	return ids, nil
}
