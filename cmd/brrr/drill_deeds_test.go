package main

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/wassef911/grpcgoesbrrr/gen/go/fraud_detection"
)

// hostSecret is in what a saboteur says of itself; no caller may ever read it.
const hostSecret = "hunter2"

// deeds of a host, by what the report calls them.
var deeds = map[string]*deed{
	"garbage bytes":           {do: cycle(garble, html, cutMidway, cutBeforeStatus, twoAnswers, noAnswer)},
	"garbage, well if probed": {do: cycle(outOfRange, garble, notANumber, cutBeforeStatus)},
	"nonsense":                {do: cycle(notANumber, outOfRange, negative, noVersion, impossibleThreshold, impossibleRow), always: true},
	"label against its score": {do: wrongLabel},
	"too few rows":            {do: tooFew},
	"too many rows":           {do: tooMany},
	"another transaction_id":  {do: otherID},
	"errors with traces":      {do: traceback, always: true},
	"connections dropped":     {do: func(v *victim) { v.conn.Close() }, always: true},
	"slow":                    {do: func(v *victim) { v.wait(300 * time.Millisecond); send(v.w, v.answer) }, always: true},
	"never answers":           {do: func(v *victim) { v.wait(time.Hour); send(v.w, flip(v.answer)) }, always: true},
}

// cycle does one after the other.
func cycle(all ...func(*victim)) func(*victim) {
	return func(v *victim) { all[int(v.turn)%len(all)](v) }
}

// wait is how slow a host is. It ends with the call.
func (v *victim) wait(d time.Duration) {
	select {
	case <-v.ctx.Done():
	case <-time.After(d):
	}
}

// flip turns every score and label into its opposite: in range, and wrong.
func flip(answer proto.Message) proto.Message {
	switch a := proto.Clone(answer).(type) {
	case *fraud_detection.PredictFraudBatchResponse:
		for i, p := range a.FraudProbabilities {
			a.FraudProbabilities[i], a.PredictedLabels[i] = 1-p, 1-p >= a.Threshold
		}
		return a
	case *fraud_detection.PredictionResponse:
		a.FraudProbability, a.PredictedLabel = 1-a.FraudProbability, !a.PredictedLabel
		return a
	default:
		return a
	}
}

// lie sends flipped scores with something about them that gives them away: to a
// batch, to a single row, or to the question for the model.
func lie(v *victim, batch func(*fraud_detection.PredictFraudBatchResponse), one func(*fraud_detection.PredictionResponse)) {
	answer := flip(v.answer)
	switch a := answer.(type) {
	case *fraud_detection.PredictFraudBatchResponse:
		batch(a)
	case *fraud_detection.PredictionResponse:
		one(a)
	case *fraud_detection.GetModelResponse:
		a.Version = ""
	}
	send(v.w, answer)
}

// score has every score be something else.
func (v *victim) score(of func(p float64) float64) {
	lie(v, func(a *fraud_detection.PredictFraudBatchResponse) {
		for i, p := range a.FraudProbabilities {
			a.FraudProbabilities[i] = of(p)
		}
	}, func(a *fraud_detection.PredictionResponse) { a.FraudProbability = of(a.FraudProbability) })
}

func notANumber(v *victim) { v.score(func(float64) float64 { return math.NaN() }) }
func outOfRange(v *victim) { v.score(func(p float64) float64 { return p + 1.000001 }) }
func negative(v *victim)   { v.score(func(p float64) float64 { return -p - 1e-9 }) }

// giveAway spoils the whole of a batch; single rows are answered for another.
func giveAway(v *victim, spoil func(*fraud_detection.PredictFraudBatchResponse)) {
	lie(v, spoil, func(a *fraud_detection.PredictionResponse) { a.TransactionId++ })
}

func noVersion(v *victim) {
	giveAway(v, func(a *fraud_detection.PredictFraudBatchResponse) { a.ModelVersion = "" })
}

func impossibleThreshold(v *victim) {
	giveAway(v, func(a *fraud_detection.PredictFraudBatchResponse) { a.Threshold = 1.5 })
}

func impossibleRow(v *victim) {
	giveAway(v, func(a *fraud_detection.PredictFraudBatchResponse) {
		a.Errors = append(a.Errors, &fraud_detection.RowError{Row: uint32(len(a.FraudProbabilities)), Message: hostSecret})
	})
}

func tooFew(v *victim) {
	giveAway(v, func(a *fraud_detection.PredictFraudBatchResponse) {
		a.FraudProbabilities, a.PredictedLabels = a.FraudProbabilities[1:], a.PredictedLabels[1:]
	})
}

func tooMany(v *victim) {
	giveAway(v, func(a *fraud_detection.PredictFraudBatchResponse) {
		a.FraudProbabilities, a.PredictedLabels = slices.Insert(a.FraudProbabilities, 0, 0.5), slices.Insert(a.PredictedLabels, 0, true)
	})
}

func otherID(v *victim) { giveAway(v, func(*fraud_detection.PredictFraudBatchResponse) {}) }

// wrongLabel keeps the score and denies its label.
func wrongLabel(v *victim) {
	answer := proto.Clone(v.answer)
	if a, ok := answer.(*fraud_detection.PredictFraudBatchResponse); ok {
		for i, label := range a.PredictedLabels {
			a.PredictedLabels[i] = !label
		}
	}
	send(v.w, answer)
}

// traceback fails with each code in turn, and says too much.
func traceback(v *victim) {
	code := connect.Code(1 + v.turn%16) // all but OK
	fail(v.w, code, "Traceback (most recent call last):\n  File \"/srv/model.py\", line 1\npassword="+hostSecret)
}

func fail(w http.ResponseWriter, code connect.Code, text string) {
	w.Header().Set("Grpc-Status", strconv.Itoa(int(code)))
	w.Header().Set("Grpc-Message", strings.ReplaceAll(url.QueryEscape(text), "+", "%20"))
}

func garble(v *victim) {
	v.w.Write(append(frame(flip(v.answer)), 0xff, 0x13, 0x37))
	v.w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
}

func html(v *victim) {
	v.w.Header().Set("Content-Type", "text/html")
	v.w.Write([]byte("<h1>It works! " + hostSecret + "</h1>"))
}

func cutMidway(v *victim) {
	whole := frame(flip(v.answer))
	v.w.Write(whole[:len(whole)-1])
	panic(http.ErrAbortHandler)
}

func cutBeforeStatus(v *victim) {
	v.w.Write(frame(flip(v.answer)))
	v.w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func twoAnswers(v *victim) {
	v.w.Write(frame(flip(v.answer)))
	send(v.w, flip(v.answer))
}

func noAnswer(v *victim) { v.w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0") }
