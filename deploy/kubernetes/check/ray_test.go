package check

import (
	"os"
	"reflect"
	"testing"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	"sigs.k8s.io/yaml"
)

// TestRayOnKubernetesIsDeployedAsElsewhere compares with the file that the tests of Ray Serve
// deploy. Only the model is elsewhere: in the image.
func TestRayOnKubernetesIsDeployedAsElsewhere(t *testing.T) {
	objects := deployed(t, "overlays/ray")
	here := rayConfig(t, []byte(named[rayv1.RayService](t, objects, "brrr-predictor").Spec.ServeConfigV2))
	file, err := os.ReadFile("../../ray/serve.yaml")
	if err != nil {
		t.Fatal(err)
	}
	there := rayConfig(t, file)
	application := there["applications"].([]any)[0].(map[string]any)
	application["deployments"].([]any)[0].(map[string]any)["user_config"] = map[string]any{"model": "/opt/brrr/models"}
	if !reflect.DeepEqual(here, there) {
		t.Errorf("on Kubernetes\n%v\nelsewhere\n%v", here, there)
	}
	if _, keys := settings(t, objects); keys["predictor-application"] != application["name"] {
		t.Errorf("gateways ask for %q, and %q is deployed", keys["predictor-application"], application["name"])
	}
}

func rayConfig(t *testing.T, text []byte) (config map[string]any) {
	t.Helper()
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	return config
}
