package check

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// kinds are what may be deployed, each with its type: a kind that is not here is refused.
var kinds = map[string]func() any{
	"v1 ConfigMap":                           func() any { return new(corev1.ConfigMap) },
	"v1 Namespace":                           func() any { return new(corev1.Namespace) },
	"v1 Service":                             func() any { return new(corev1.Service) },
	"v1 ServiceAccount":                      func() any { return new(corev1.ServiceAccount) },
	"apps/v1 Deployment":                     func() any { return new(appsv1.Deployment) },
	"autoscaling/v2 HorizontalPodAutoscaler": func() any { return new(autoscalingv2.HorizontalPodAutoscaler) },
	"batch/v1 CronJob":                       func() any { return new(batchv1.CronJob) },
	"batch/v1 Job":                           func() any { return new(batchv1.Job) },
	"networking.k8s.io/v1 NetworkPolicy":     func() any { return new(networkingv1.NetworkPolicy) },
	"policy/v1 PodDisruptionBudget":          func() any { return new(policyv1.PodDisruptionBudget) },
	"ray.io/v1 RayService":                   func() any { return new(rayv1.RayService) },
}

// folders are those that kubectl apply -k takes, by their names below deploy/kubernetes.
func folders(t *testing.T) (found []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "kustomization.yaml" && filepath.Base(filepath.Dir(path)) != "release" { // a component
			found = append(found, strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../"))
		}
		return err
	})
	if err != nil || !slices.Contains(found, "base") || !slices.Contains(found, "overlays/example/migrate") {
		t.Fatalf("%v, %v", found, err)
	}
	return found
}

// render is what kubectl apply -k sends.
func render(t *testing.T, folder string) []byte {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join("..", folder))
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// read takes objects by their types, strictly: a field that a type does not have is refused.
func read(text []byte) (objects []any, err error) {
	for _, document := range bytes.Split(text, []byte("\n---\n")) {
		var of struct{ APIVersion, Kind string }
		if err := yaml.Unmarshal(document, &of); err != nil {
			return nil, err
		}
		empty := kinds[of.APIVersion+" "+of.Kind]
		if empty == nil {
			return nil, fmt.Errorf("%s %s is no kind that is known here", of.APIVersion, of.Kind)
		}
		object := empty()
		plain, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", of.Kind, err)
		}
		unknown, err := json.UnmarshalStrict(plain, object)
		if err = errors.Join(append(unknown, err)...); err != nil {
			return nil, fmt.Errorf("%s: %w", of.Kind, err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// deployed are the objects of a folder.
func deployed(t *testing.T, folder string) []any {
	t.Helper()
	objects, err := read(render(t, folder))
	if err != nil {
		t.Fatalf("%s: %v", folder, err)
	}
	return objects
}

// of are those objects that have the type.
func of[Kind any](objects []any) (found []*Kind) {
	for _, object := range objects {
		if is, ok := object.(*Kind); ok {
			found = append(found, is)
		}
	}
	return found
}

// named is the one object of the type with that name.
func named[Kind any](t *testing.T, objects []any, name string) *Kind {
	t.Helper()
	for _, object := range of[Kind](objects) {
		if any(object).(interface{ GetName() string }).GetName() == name {
			return object
		}
	}
	t.Fatalf("there is no %T %s", *new(Kind), name)
	return nil
}
