package check

import (
	"bytes"
	"strings"
	"testing"
)

func TestEveryFolderIsOfFieldsThatKubernetesKnows(t *testing.T) {
	for _, folder := range folders(t) {
		if _, err := read(render(t, folder)); err != nil {
			t.Errorf("%s: %v", folder, err)
		}
	}
}

// TestWhatKubernetesWouldNotTakeIsRefused breaks what is well, since a check that finds
// nothing may look at nothing.
func TestWhatKubernetesWouldNotTakeIsRefused(t *testing.T) {
	whole := render(t, "base")
	for name, broken := range map[string]struct{ from, to, refusal string }{
		"a misspelt field":        {"readinessProbe:", "readynessProbe:", `unknown field "spec.template.spec.containers[0].readynessProbe"`},
		"a field of another kind": {"minReplicas: 2", "replicas: 2", `unknown field "spec.replicas"`},
		"another case":            {"readinessProbe:", "ReadinessProbe:", `unknown field "spec.template.spec.containers[0].ReadinessProbe"`},
		"text for a number":       {"terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: forty", "cannot unmarshal string into Go struct field"},
		"a field given twice":     {"maxUnavailable: 0", "maxUnavailable: 0\n      maxUnavailable: 1", `key "maxUnavailable" already set in map`},
		"an older version":        {"policy/v1\n", "policy/v1beta1\n", "policy/v1beta1 PodDisruptionBudget is no kind that is known here"},
	} {
		if !bytes.Contains(whole, []byte(broken.from)) {
			t.Errorf("%s: there is no %q", name, broken.from)
		}
		if _, err := read(bytes.Replace(whole, []byte(broken.from), []byte(broken.to), 1)); err == nil || !strings.Contains(err.Error(), broken.refusal) {
			t.Errorf("%s: %v, want %s", name, err, broken.refusal)
		}
	}
}
