package rpc

import (
	"bytes"
	"math"
	"strconv"

	fraudactivityv1 "github.com/wassef911/grpcgoesbrrr/gen/go/fraudactivity/v1"
)

// The seed's call is nearly all of the traffic and its two messages are small:
// read and written by hand they take a fifth of the library's time. Whatever
// looks otherwise goes the library's way; a fuzz test holds the two equal.

// readGet reads {"transaction_id":"…"} and nothing else.
func readGet(from []byte) (id string, ok bool) {
	from, opened := token(from, `{`)
	name, named := token(from, `"transaction_id"`)
	if !named {
		name, named = token(from, `"transactionId"`)
	}
	from, parted := token(name, `:`)
	from, quoted := token(from, `"`)
	end := 0
	for end < len(from) && plainInJSON(from[end]) {
		end++
	}
	rest, unquoted := bytes.CutPrefix(from[end:], []byte(`"`))
	rest, closed := token(rest, `}`)
	rest, _ = token(rest, ``)
	if !opened || !named || !parted || !quoted || !unquoted || !closed || len(rest) > 0 {
		return "", false
	}
	return string(from[:end]), true
}

// token skips white space and then text.
func token(from []byte, text string) (rest []byte, ok bool) {
	from = bytes.TrimLeft(from, " \t\r\n")
	if len(from) < len(text) || string(from[:len(text)]) != text {
		return from, false
	}
	return from[len(text):], true
}

// appendOrdinary writes what nearly all calls are answered.
func appendOrdinary(to []byte, msg any) (_ []byte, ok bool) {
	switch m := msg.(type) {
	case *fraudactivityv1.FraudActivity:
		return appendBasic(to, m)
	case *fraudactivityv1.BatchGetFraudActivityResponse:
		return appendBatch(to, m)
	}
	return to, false
}

// appendBatch writes answers in the basic view, if there is no error among them.
func appendBatch(to []byte, m *fraudactivityv1.BatchGetFraudActivityResponse) (_ []byte, ok bool) {
	before, separator := to, `{"results":[`
	for _, result := range m.Results {
		shown := result.GetFraudActivity()
		if shown == nil || result.TransactionId != shown.TransactionId || len(result.ProtoReflect().GetUnknown()) > 0 {
			return before, false
		}
		// The ID holds nothing that needs escaping if appendBasic lets it pass.
		to = append(append(append(to, separator...), `{"transaction_id":"`...), result.TransactionId...)
		if to, ok = appendBasic(append(to, `","fraud_activity":`...), shown); !ok {
			return before, false
		}
		to, separator = append(to, '}'), `,`
	}
	if len(m.Results) == 0 || len(m.ProtoReflect().GetUnknown()) > 0 {
		return before, false
	}
	return append(to, `]}`...), true
}

// appendBasic writes an answer in the basic view.
func appendBasic(to []byte, m *fraudactivityv1.FraudActivity) (_ []byte, ok bool) {
	p := m.FraudProbability
	inRange := p >= 1e-6 && p <= 100 || p == 0 && !math.Signbit(p) // others are written with an exponent
	if m.Assessment != nil || !inRange || len(m.ProtoReflect().GetUnknown()) > 0 {
		return to, false
	}
	for i := range len(m.TransactionId) {
		if !plainInJSON(m.TransactionId[i]) {
			return to, false
		}
	}
	to = append(append(to, `{"transaction_id":"`...), m.TransactionId...)
	to = strconv.AppendBool(append(to, `","predicted_label":`...), m.PredictedLabel)
	to = strconv.AppendFloat(append(to, `,"fraud_probability":`...), p, 'f', -1, 64)
	return append(to, '}'), true
}

// plainInJSON are the bytes that stand for themselves in a string of JSON.
func plainInJSON(c byte) bool { return c >= ' ' && c < 0x7f && c != '"' && c != '\\' }
