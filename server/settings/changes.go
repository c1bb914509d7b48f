package settings

import "reflect"

// Change is one setting that differs from what runs, without secrets.
type Change struct {
	Key        string
	From, To   string
	Reloadable bool
}

// Changes are what differs in next from what runs, of the same command.
func Changes(runs, next *Settings) []Change {
	var changes []Change
	shown, was := next.Shown(), runs.Shown()
	for i, s := range next.All {
		if !reflect.DeepEqual(s.Value, runs.All[i].Value) {
			changes = append(changes, Change{s.Key(), was[i].Text, shown[i].Text, s.Reloadable()})
		}
	}
	return changes
}

// Running is what runs after these settings were taken over from others: what cannot
// change stays as it was.
func (s *Settings) Running(before *Settings) *Settings {
	running := &Settings{Unknown: s.Unknown}
	for i, setting := range s.All {
		if !setting.Reloadable() {
			setting = before.All[i]
		}
		running.All = append(running.All, setting)
	}
	return running
}
