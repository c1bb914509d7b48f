package reckon

import (
	"bytes"
	"slices"
	"testing"
)

func FuzzCounts(f *testing.F) {
	seed := Counts{0: 1, 7: 300, cells - 1: 1 << 40}
	packed, err := seed.Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add([]byte{})
	f.Add([]byte{0, 1})
	f.Add([]byte{cells, 1, 1, 1})
	f.Add(bytes.Repeat([]byte{0xff}, 20))
	f.Fuzz(func(t *testing.T, packed []byte) {
		var c, again Counts
		if c.Add(packed) != nil {
			return
		}
		if slices.Min(c[:]) < 0 {
			if _, err := c.Pack(); err == nil {
				t.Fatalf("%v is packed", c)
			}
			return
		}
		text, err := c.Pack()
		if err == nil {
			err = again.Add(text)
		}
		if err != nil || c != again || len(text) > MaxPacked {
			t.Fatalf("%v came back as %v, %v", c, again, err)
		}
	})
}
