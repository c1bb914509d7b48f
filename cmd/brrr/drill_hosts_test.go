package main

import "testing"

// sabotage is a fault of a host that answers something else.
func sabotage(s *saboteur, where, what string) fault {
	return fault{name: where + what, begin: func() { s.turn(deeds[what]) }, struck: func() bool { return s.struck.Load() >= 3 }, end: func() { s.turn(nil) }}
}

// drillOneHost has the only host do each of the deeds.
func drillOneHost(t *testing.T, s drillSetting) {
	host := startSaboteur(t, s.hosts.behind)
	d := startDrill(t, s, "--predictor="+host.url)
	whats := []string{"garbage bytes", "garbage, well if probed", "nonsense", "label against its score",
		"too few rows", "too many rows", "errors with traces", "connections dropped", "slow"}
	if s.size.all { // or else being frozen stands for it
		whats = append(whats, "never answers")
	}
	for _, what := range whats {
		d.run(sabotage(host, "one host: ", what))
	}
	d.end()
}

// drillUnary has a host that has no more than PredictFraud do what can be done there.
func drillUnary(t *testing.T, s drillSetting) {
	address := "unix:" + shortTemp(t) + "/s"
	newPython(t, address, s.truth.four).startListening()
	host := startSaboteur(t, address)
	version := ""
	for name, model := range s.truth.models {
		if len(model.Facts) == 4 {
			version = name
		}
	}
	d := startDrill(t, s, "--predictor="+host.url, "--predictor-api=unary", "--predictor-version="+version)
	for _, what := range []string{"another transaction_id", "nonsense", "garbage bytes", "errors with traces", "connections dropped", "slow"} {
		d.run(sabotage(host, "row by row: ", what))
	}
	d.end()
}
