package proc

import "testing"

func TestStatIsReadWhateverTheNameHolds(t *testing.T) {
	const rest = " S 41 1 1 0 -1 4194560 1 2 3 4 150 50 7 3 20 0 9 0 98765 1000000 2500 18446744073709551615 1 1"
	for name, line := range map[string]string{
		"plain":       "42 (python)" + rest,
		"spaces":      "42 (tmux: server)" + rest,
		"parentheses": "42 (a) R 1 (b)" + rest,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parseStat(line)
			want := stat{pid: 42, parent: 41, start: 98765, cpuTicks: 210, rssPages: 2500}
			if err != nil || got != want {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestStatThatIsCutShortIsRefused(t *testing.T) {
	for name, line := range map[string]string{"no name": "42 S 1", "few fields": "42 (a) S 1 2", "no pid": "x (a) S 1 1 1 0 -1 4 1 2 3 4 1 5 7 3 20 0 9 0 9 1 2 1"} {
		t.Run(name, func(t *testing.T) {
			if got, err := parseStat(line); err == nil {
				t.Errorf("got %+v, want an error", got)
			}
		})
	}
}
