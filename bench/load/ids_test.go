package load

import "testing"

func TestEveryRecordedTransactionIsDrawnOnceAcrossShares(t *testing.T) {
	for _, stride := range []int64{InOrder, AnyOrder} {
		const recorded int64 = 1_000_000
		ledger, seen := &Ledger{Recorded: recorded, Stride: stride}, map[string]bool{}
		for _, n := range []int64{recorded / 4, recorded / 2, recorded / 4} {
			ids, err := ledger.Share(n)
			if err != nil {
				t.Fatal(err)
			}
			for id, ok := ids.Next(); ok; id, ok = ids.Next() {
				if seen[id] {
					t.Fatalf("%s was drawn twice", id)
				}
				seen[id] = true
			}
		}
		if int64(len(seen)) != recorded || !seen[ID(0)] || !seen[ID(recorded-1)] {
			t.Errorf("drew %d of %d", len(seen), recorded)
		}
	}
}

func TestAShareThatIsTooLargeIsRefused(t *testing.T) {
	ledger := &Ledger{Recorded: 10_000, Stride: InOrder}
	if _, err := ledger.Share(9_000); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Share(2_000); err == nil {
		t.Error("2000 of 1000 were given out")
	}
}

func TestWhatWasNotDrawnIsGivenOutAgainAndWhatWasIsNot(t *testing.T) {
	ledger := &Ledger{Recorded: 10_000, Stride: InOrder}
	ids, err := ledger.Share(9_000)
	if err != nil {
		t.Fatal(err)
	}
	measured := ids.After(1_000) // the warm-up drew these
	ledger.GiveBack(measured, 500)
	next, err := ledger.Share(8_500)
	if err != nil || next.First != 1_500 {
		t.Errorf("next share from %d, %v, want 1500", next.First, err)
	}
}

func TestANeighbourInTheOrderOfAskingIsFarInTheOrderOfRecording(t *testing.T) {
	const recorded = 1_000_000
	if d := Number(1, AnyOrder, recorded) - Number(0, AnyOrder, recorded); d < recorded/10 {
		t.Errorf("neighbours are %d apart", d)
	}
}
