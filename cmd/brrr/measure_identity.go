package main

import (
	"time"

	"github.com/wassef911/grpcgoesbrrr/server/certs"
	"github.com/wassef911/grpcgoesbrrr/server/metrics"
)

func (a *app) identityReadings() []metrics.Reading {
	readings := []metrics.Reading{
		{Name: "brrr_keys", Help: "Keys of callers, by state: valid, revoked or expired.", Labels: []string{"state"}, Read: func(add metrics.Add) {
			state := a.keyring.State()
			add(float64(state.Valid), "valid")
			add(float64(state.Revoked), "revoked")
			add(float64(state.Expired), "expired")
		}},
		{Name: "brrr_keys_next_expiry_timestamp_seconds", Help: "When the next valid key expires; nothing if none does.", Read: func(add metrics.Add) {
			if next := a.keyring.State().NextExpiry; !next.IsZero() {
				add(unixSeconds(next))
			}
		}},
		metrics.Gauge("brrr_keys_read_timestamp_seconds", "When the keys were last read from the store. After 10 seconds without, they open nothing.",
			func() float64 { return unixSeconds(a.keyring.State().ReadAt) }),
	}
	if a.tokens != nil {
		readings = append(readings, metrics.Reading{Name: "brrr_issuer_keys_read_timestamp_seconds", Help: "When the issuer's keys were last read; 0 if they never were.",
			Read: func(add metrics.Add) {
				if age, ever := a.tokens.Age(); ever {
					add(unixSeconds(time.Now().Add(-age)))
				} else {
					add(0) // no series would be as without an issuer
				}
			}})
	}
	return readings
}

func (a *app) certificateReadings() []metrics.Reading {
	if len(a.certs.each()) == 0 {
		return nil
	}
	return []metrics.Reading{
		{Name: "brrr_certificate_expiry_timestamp_seconds", Help: "When the certificate in use expires, by the setting that names its file; of several in a file, the first to.", Labels: []string{"certificate"},
			Read: func(add metrics.Add) {
				for flag, expires := range a.certs.expiries() {
					add(unixSeconds(expires), flag)
				}
			}},
		{Name: "brrr_certificates_refused", Help: "1: what the files hold now cannot be used, and what they held before is, towards callers or predictors.", Labels: []string{"peer"},
			Read: func(add metrics.Add) {
				for peer, source := range map[string]*certs.Source{"callers": a.certs.callers, "predictors": a.certs.hosts} {
					if source != nil {
						add(oneIf(source.State().Err != nil), peer)
					}
				}
			}},
	}
}
