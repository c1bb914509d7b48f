package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dashboard is what is shipped for Grafana, as far as it can be wrong.
type dashboard struct {
	Title, UID    string
	SchemaVersion int
	Panels        []panel
	Templating    struct {
		List []struct{ Name, Type, Query string }
	}
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ Type, UID string }
	Targets                  []struct {
		RefID, Expr string
		Datasource  struct{ Type, UID string }
	}
}

func shippedDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(root, "deploy/grafana/brrr.json"))), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestTheDashboardShowsEveryMetricAndNoOther holds it against the manual's table, which
// other tests hold against a real server.
func TestTheDashboardShowsEveryMetricAndNoOther(t *testing.T) {
	missing := metricsOfTheManual(t)
	for _, p := range shippedDashboard(t).Panels {
		for _, target := range p.Targets {
			if !strings.HasPrefix(target.Expr, "ALERTS{") {
				checkMetrics(t, "panel "+p.Title, target.Expr, nil)
			}
			for _, name := range metricInQuery.FindAllString(target.Expr, -1) {
				for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
					delete(missing, strings.TrimSuffix(name, suffix))
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("no panel shows %s", name)
	}
}

// TestTheDashboardHoldsTogether looks for what Grafana takes without a word and shows
// wrongly: panels over each other, two of one ID, a data source that is somebody's own.
func TestTheDashboardHoldsTogether(t *testing.T) {
	d := shippedDashboard(t)
	if d.Title == "" || d.UID == "" || d.SchemaVersion < 36 {
		t.Errorf("title %q, uid %q, schema version %d", d.Title, d.UID, d.SchemaVersion)
	}
	if first := d.Templating.List[0]; first.Name != "datasource" || first.Type != "datasource" || first.Query != "prometheus" {
		t.Errorf("the first variable is %+v, want the data source", first)
	}
	ids, taken := map[int]string{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if other, twice := ids[p.ID]; twice || p.Title == "" {
			t.Errorf("panel %q has the ID %d of %q", p.Title, p.ID, other)
		}
		ids[p.ID] = p.Title
		if p.GridPos.X+p.GridPos.W > 24 || p.GridPos.W == 0 || p.GridPos.H == 0 {
			t.Errorf("panel %q is at %+v", p.Title, p.GridPos)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other, twice := taken[at]; twice {
					t.Fatalf("panels %q and %q overlap", p.Title, other)
				}
				taken[at] = p.Title
			}
		}
		if p.Type != "row" {
			p.check(t)
		}
	}
}

func (p panel) check(t *testing.T) {
	t.Helper()
	if p.Description == "" || len(p.Targets) == 0 || p.Datasource.UID != "${datasource}" {
		t.Errorf("panel %q: description %q, data source %q, %d queries", p.Title, p.Description, p.Datasource.UID, len(p.Targets))
	}
	refs := map[string]bool{}
	for _, target := range p.Targets {
		if refs[target.RefID] || target.RefID == "" || target.Datasource.UID != "${datasource}" || !strings.Contains(target.Expr, `job="$job"`) {
			t.Errorf("panel %q: query %+v", p.Title, target)
		}
		refs[target.RefID] = true
	}
}

// checkDashboardAnswers has a Prometheus that has seen everything break answer each
// query of the dashboard: none may be empty.
func checkDashboardAnswers(t *testing.T, p *prometheus) {
	t.Helper()
	put := strings.NewReplacer("$__rate_interval", "10s", "$job", "brrr", "$instance", ".*", "[1h]", fmt.Sprintf("[%ds]", 3600/hasten))
	for _, panel := range shippedDashboard(t).Panels {
		for _, target := range panel.Targets {
			if query := put.Replace(target.Expr); len(p.series(t, query)) == 0 {
				t.Errorf("panel %q: nothing answers %s", panel.Title, query)
			}
		}
	}
}
