package assess_test

import (
	"testing"

	"github.com/wassef911/grpcgoesbrrr/server/batch"
)

func TestOnlyAnswersTellHowLongAnswersTake(t *testing.T) {
	w := newWorld(t, batch.Options{})
	w.model.set(func(o *oracle) { o.down = errBoom })
	w.assessMany(t, asks("a", "nobody")...)
	if mean, ok := w.AnswerTime(); ok {
		t.Errorf("%s without an answer", mean)
	}
	w.model.set(func(o *oracle) { o.down = nil })
	w.assessMany(t, asks("a", "nobody")...)
	if mean, ok := w.AnswerTime(); !ok || mean <= 0 {
		t.Errorf("%s, %t after an answer", mean, ok)
	}
}
