package check

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	rayv1 "github.com/ray-project/kuberay/ray-operator/apis/ray/v1"
)

// pods are the templates of all pods, by the name of what makes them.
func pods(objects []any) map[string]corev1.PodTemplateSpec {
	found := map[string]corev1.PodTemplateSpec{}
	for _, d := range of[appsv1.Deployment](objects) {
		found[d.Name] = d.Spec.Template
	}
	for _, j := range of[batchv1.Job](objects) {
		found[j.Name] = j.Spec.Template
	}
	for _, j := range of[batchv1.CronJob](objects) {
		found[j.Name] = j.Spec.JobTemplate.Spec.Template
	}
	for _, r := range of[rayv1.RayService](objects) {
		found[r.Name+" head"] = r.Spec.RayClusterSpec.HeadGroupSpec.Template
		for _, g := range r.Spec.RayClusterSpec.WorkerGroupSpecs {
			found[r.Name+" "+g.GroupName] = g.Template
		}
	}
	return found
}

// promises are what holds of each pod and each container, whatever it runs.
var promises = map[string]func(corev1.PodSpec, corev1.Container) bool{
	"it is not root": func(p corev1.PodSpec, c corev1.Container) bool {
		return *p.SecurityContext.RunAsNonRoot && *p.SecurityContext.RunAsUser == 10001 && c.SecurityContext.RunAsUser == nil && c.SecurityContext.RunAsNonRoot == nil
	},
	"its root is read-only": func(_ corev1.PodSpec, c corev1.Container) bool { return *c.SecurityContext.ReadOnlyRootFilesystem },
	"it may nothing": func(_ corev1.PodSpec, c corev1.Container) bool {
		caps := c.SecurityContext.Capabilities
		return !*c.SecurityContext.AllowPrivilegeEscalation && c.SecurityContext.Privileged == nil && slices.Equal(caps.Drop, []corev1.Capability{"ALL"}) && caps.Add == nil
	},
	"its system calls are those of the runtime's default": func(p corev1.PodSpec, _ corev1.Container) bool {
		return p.SecurityContext.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault
	},
	"it shares nothing of its node": func(p corev1.PodSpec, _ corev1.Container) bool {
		return !p.HostNetwork && !p.HostPID && !p.HostIPC && !slices.ContainsFunc(p.Volumes, func(v corev1.Volume) bool { return v.HostPath != nil })
	},
	"it has no token to show":   func(p corev1.PodSpec, _ corev1.Container) bool { return !*p.AutomountServiceAccountToken },
	"Services are no variables": func(p corev1.PodSpec, _ corev1.Container) bool { return !*p.EnableServiceLinks },
	"its memory is bounded and asked": func(_ corev1.PodSpec, c corev1.Container) bool {
		return !c.Resources.Limits.Memory().IsZero() && !c.Resources.Requests.Memory().IsZero()
	},
	"processors are asked, not bounded": func(_ corev1.PodSpec, c corev1.Container) bool {
		return c.Resources.Limits.Cpu().IsZero() && !c.Resources.Requests.Cpu().IsZero()
	},
	"it keeps nothing": func(p corev1.PodSpec, _ corev1.Container) bool {
		return !slices.ContainsFunc(p.Volumes, func(v corev1.Volume) bool { return v.PersistentVolumeClaim != nil })
	},
	"what it mounts from a secret is its group's alone": func(p corev1.PodSpec, _ corev1.Container) bool {
		return *p.SecurityContext.FSGroup == 10001 && !slices.ContainsFunc(p.Volumes, func(v corev1.Volume) bool { return v.Secret != nil && *v.Secret.DefaultMode != 0o440 })
	},
}

func TestEveryPodKeepsWhatIsPromisedOfAll(t *testing.T) {
	for _, folder := range folders(t) {
		for name, pod := range pods(deployed(t, folder)) {
			for _, container := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
				for _, promise := range slices.Sorted(maps.Keys(promises)) {
					if !kept(promises[promise], pod.Spec, container) {
						t.Errorf("%s: %s, container %s: not so: %s", folder, name, container.Name, promise)
					}
				}
			}
		}
	}
}

// TestAHostHasAFolderToWriteTo: without one Python does not start, as matplotlib, which LightGBM
// looks for, makes itself a folder.
func TestAHostHasAFolderToWriteTo(t *testing.T) {
	for _, folder := range gateways(t) {
		for name, pod := range pods(deployed(t, folder)) {
			if !strings.HasPrefix(name, "brrr-predictor") {
				continue
			}
			at := slices.IndexFunc(pod.Spec.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == "/tmp" })
			if at < 0 || !slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
				return v.Name == pod.Spec.Containers[0].VolumeMounts[at].Name && v.EmptyDir != nil && v.EmptyDir.SizeLimit != nil
			}) {
				t.Errorf("%s: %s has no folder of bounded size at /tmp", folder, name)
			}
		}
	}
}

// kept is false where what a promise is about is not said at all.
func kept(promise func(corev1.PodSpec, corev1.Container) bool, pod corev1.PodSpec, container corev1.Container) (held bool) {
	defer func() {
		if recover() != nil {
			held = false
		}
	}()
	return promise(pod, container)
}

// TestNoSecretIsInACommandLineOrWrittenHere also wants the store's URL, which holds a password,
// to come from a Secret wherever it is.
func TestNoSecretIsInACommandLineOrWrittenHere(t *testing.T) {
	for _, folder := range folders(t) {
		if text := strings.ToLower(string(render(t, folder))); strings.Contains(text, "postgres://") || strings.Contains(text, "kind: secret\n") || strings.Contains(text, "begin ") {
			t.Errorf("%s has a URL, a Secret or a key in it", folder)
		}
		for name, pod := range pods(deployed(t, folder)) {
			for _, c := range pod.Spec.Containers {
				for _, variable := range c.Env {
					if variable.Name == "BRRR_STORE" && (variable.ValueFrom == nil || variable.ValueFrom.SecretKeyRef == nil) {
						t.Errorf("%s: %s: BRRR_STORE is not from a Secret", folder, name)
					}
				}
				if line := strings.Join(slices.Concat(c.Command, c.Args), " "); strings.Contains(line, "$(") || strings.Contains(line, "--store") {
					t.Errorf("%s: %s: a variable, or the store, is in the command line: %s", folder, name, line)
				}
			}
		}
	}
}

// TestEverySecretThatIsWantedIsDocumented also wants none to be documented that is not wanted.
func TestEverySecretThatIsWantedIsDocumented(t *testing.T) {
	wanted := map[string]bool{}
	for _, folder := range folders(t) {
		for _, pod := range pods(deployed(t, folder)) {
			for _, v := range pod.Spec.Volumes {
				if v.Secret != nil {
					wanted[v.Secret.SecretName] = true
				}
			}
		}
	}
	manual, err := os.ReadFile("../../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(manual), "| Secret | its keys | |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(table, -1) {
		documented[row[1]] = true
	}
	if !maps.Equal(wanted, documented) {
		t.Errorf("wanted are %v, documented %v", wanted, documented)
	}
}
