package check

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// gateways are the folders with a gateway in them.
func gateways(t *testing.T) (found []string) {
	for _, folder := range folders(t) {
		if len(of[batchv1.Job](deployed(t, folder))) == 0 {
			found = append(found, folder)
		}
	}
	return found
}

// settings are those in the file that a folder's gateways read.
func settings(t *testing.T, objects []any) (text string, keys map[string]string) {
	t.Helper()
	for _, m := range of[corev1.ConfigMap](objects) {
		if strings.HasPrefix(m.Name, "brrr-settings-") {
			text = m.Data["brrr.yaml"]
		}
	}
	if err := yaml.Unmarshal([]byte(text), &keys); err != nil || len(keys) == 0 {
		t.Fatalf("%v in the settings\n%s", err, text)
	}
	return text, keys
}

func TestASelectorMatchesPodsThatThereAre(t *testing.T) {
	for _, folder := range gateways(t) {
		objects := deployed(t, folder)
		selectors := map[string]map[string]string{}
		for _, d := range of[appsv1.Deployment](objects) {
			selectors["Deployment "+d.Name] = d.Spec.Selector.MatchLabels
			for _, c := range d.Spec.Template.Spec.TopologySpreadConstraints {
				selectors["spread of "+d.Name] = c.LabelSelector.MatchLabels
			}
			if len(d.Spec.Template.Spec.TopologySpreadConstraints) != 2 {
				t.Errorf("%s: %s is not spread over zones and nodes", folder, d.Name)
			}
		}
		for _, s := range of[corev1.Service](objects) {
			selectors["Service "+s.Name] = s.Spec.Selector
		}
		for _, b := range of[policyv1.PodDisruptionBudget](objects) {
			selectors["PodDisruptionBudget "+b.Name] = b.Spec.Selector.MatchLabels
		}
		for _, p := range of[networkingv1.NetworkPolicy](objects) {
			selectors["NetworkPolicy "+p.Name] = p.Spec.PodSelector.MatchLabels
		}
		for what, labels := range selectors {
			if len(matched(pods(objects), labels)) == 0 {
				t.Errorf("%s: %s: no pod has %v", folder, what, labels)
			}
			if len(labels) == 0 && !strings.HasSuffix(what, "-nobody") && !strings.HasSuffix(what, "-names") {
				t.Errorf("%s: %s is about all pods", folder, what)
			}
		}
	}
}

// matched are the names of the pods that have the labels.
func matched(all map[string]corev1.PodTemplateSpec, labels map[string]string) (found []string) {
	for name, pod := range all {
		has := true
		for key, value := range labels {
			has = has && pod.Labels[key] == value
		}
		if has {
			found = append(found, name)
		}
	}
	return found
}

func TestEachPartHasABudgetAndAScaleThatKeepsTwo(t *testing.T) {
	for _, folder := range gateways(t) {
		objects := deployed(t, folder)
		for _, d := range of[appsv1.Deployment](objects) {
			if d.Spec.Replicas != nil {
				t.Errorf("%s: %s: an apply would undo what was scaled", folder, d.Name)
			}
			if roll := d.Spec.Strategy.RollingUpdate; roll.MaxUnavailable.IntValue() != 0 || roll.MaxSurge.IntValue() < 1 {
				t.Errorf("%s: %s: a rollout leaves fewer than before", folder, d.Name)
			}
			scale := named[autoscalingv2.HorizontalPodAutoscaler](t, objects, d.Name).Spec
			if scale.ScaleTargetRef.Kind != "Deployment" || scale.ScaleTargetRef.Name != d.Name || *scale.MinReplicas < 2 || scale.MaxReplicas < *scale.MinReplicas {
				t.Errorf("%s: %s: scaled by %+v", folder, d.Name, scale)
			}
			if m := scale.Metrics[0].Resource; m.Name != corev1.ResourceCPU || *m.Target.AverageUtilization >= 100 {
				t.Errorf("%s: %s: scaled by %+v", folder, d.Name, m)
			}
			if budget := named[policyv1.PodDisruptionBudget](t, objects, d.Name).Spec; budget.MaxUnavailable.IntValue() != 1 {
				t.Errorf("%s: %s: %v may be away at once", folder, d.Name, budget.MaxUnavailable)
			}
		}
	}
}

// TestAPodIsGivenTheTimeThatItsProgramTakesToEnd leaves five seconds for what comes
// after the last call.
func TestAPodIsGivenTheTimeThatItsProgramTakesToEnd(t *testing.T) {
	const margin = 5 * time.Second
	for _, folder := range gateways(t) {
		objects := deployed(t, folder)
		_, keys := settings(t, objects)
		takes := margin
		for _, key := range []string{"drain-delay", "drain-timeout"} {
			part, err := time.ParseDuration(keys[key])
			if err != nil || part == 0 {
				t.Fatalf("%s: %s: %v, %v", folder, key, part, err)
			}
			takes += part
		}
		checkEnd(t, folder+": gateway", named[appsv1.Deployment](t, objects, "brrr-gateway").Spec.Template.Spec, takes)
		for _, d := range of[appsv1.Deployment](objects) {
			if d.Name == "brrr-predictor" {
				grace, err := time.ParseDuration(argument(t, d.Spec.Template.Spec.Containers[0], "--grace") + "s")
				if err != nil {
					t.Fatal(err)
				}
				checkEnd(t, folder+": predictor", d.Spec.Template.Spec, sleepsFirst(t, folder, d.Spec.Template.Spec)+grace+margin)
			}
		}
	}
}

// sleepsFirst is how long a pod takes calls until every balancer has heard that it goes.
func sleepsFirst(t *testing.T, what string, pod corev1.PodSpec) time.Duration {
	t.Helper()
	before := pod.Containers[0].Lifecycle.PreStop.Exec.Command
	if before[0] != "sleep" {
		t.Fatalf("%s: %v before its end", what, before)
	}
	seconds, err := strconv.Atoi(before[1])
	if err != nil || seconds == 0 {
		t.Fatalf("%s: %v before its end", what, before)
	}
	return time.Duration(seconds) * time.Second
}

func checkEnd(t *testing.T, what string, pod corev1.PodSpec, takes time.Duration) {
	t.Helper()
	if given := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second; given < takes {
		t.Errorf("%s: %s to end, and it may take %s", what, given, takes)
	}
}

// argument is the value of --name=value.
func argument(t *testing.T, c corev1.Container, name string) string {
	t.Helper()
	for _, a := range c.Args {
		if value, found := strings.CutPrefix(a, name+"="); found {
			return value
		}
	}
	t.Fatalf("%s has no %s", c.Name, name)
	return ""
}

// TestPortsAreThoseThatProgramsListenOn follows a call: Service, pod, program; gateway, Service,
// predictor's pod, program.
func TestPortsAreThoseThatProgramsListenOn(t *testing.T) {
	for _, folder := range gateways(t) {
		objects := deployed(t, folder)
		_, keys := settings(t, objects)
		gateway := named[appsv1.Deployment](t, objects, "brrr-gateway").Spec.Template.Spec.Containers[0]
		for setting, port := range map[string]string{"listen": "api", "admin-listen": "metrics"} {
			if want := fmt.Sprintf("0.0.0.0:%d", portOf(t, gateway, port)); keys[setting] != want {
				t.Errorf("%s: %s is %s, and the pod's port %s", folder, setting, keys[setting], want)
			}
		}
		api := named[corev1.Service](t, objects, "brrr-gateway").Spec.Ports[0]
		portOf(t, gateway, api.TargetPort.StrVal)

		address, found := strings.CutPrefix(keys["predictor"], "dns+")
		asked, err := url.Parse(address)
		if err != nil || !found {
			t.Fatalf("%s: predictor: %s", folder, keys["predictor"])
		}
		service := named[corev1.Service](t, objects, asked.Hostname()).Spec
		if service.ClusterIP != corev1.ClusterIPNone || strconv.Itoa(int(service.Ports[0].Port)) != asked.Port() {
			t.Errorf("%s: the gateway asks %s, and the Service is %+v", folder, asked, service)
		}
		for _, name := range matched(pods(objects), service.Selector) {
			host := pods(objects)[name].Spec.Containers[0]
			if port := portOf(t, host, service.Ports[0].TargetPort.StrVal); port != service.Ports[0].Port { // a name without an address of its own maps none
				t.Errorf("%s: %s listens on %d, and is asked on %s", folder, name, port, asked.Port())
			}
			if name == "brrr-predictor" && !strings.HasSuffix(argument(t, host, "--listen"), ":"+asked.Port()) {
				t.Errorf("%s: %s", folder, argument(t, host, "--listen"))
			}
		}
	}
}

func portOf(t *testing.T, c corev1.Container, name string) int32 {
	t.Helper()
	for _, p := range c.Ports {
		if p.Name == name {
			return p.ContainerPort
		}
	}
	t.Fatalf("%s has no port %q", c.Name, name)
	return 0
}

// ways are who may reach which port of whom, but for names and Ray's own.
var ways = []string{
	"brrr-gateway → brrr-predictor",
	"brrr-gateway, brrr-retention → anywhere:5432",
	"namespace → brrr-gateway:api",
	"namespace → brrr-gateway:metrics",
}

// TestNobodyReachesWhatIsNotNamed adds up what the policies let through.
func TestNobodyReachesWhatIsNotNamed(t *testing.T) {
	objects := deployed(t, "base")
	var found []string
	for _, p := range of[networkingv1.NetworkPolicy](objects) {
		whom := strings.Join(slices.Sorted(slices.Values(matched(pods(objects), p.Spec.PodSelector.MatchLabels))), ", ")
		switch p.Name {
		case "brrr-nobody":
			if len(p.Spec.PodSelector.MatchLabels) != 0 || len(p.Spec.PolicyTypes) != 2 || p.Spec.Ingress != nil || p.Spec.Egress != nil {
				t.Errorf("not all is forbidden that is not allowed: %+v", p.Spec)
			}
			continue
		case "brrr-names":
			continue
		}
		for _, way := range p.Spec.Ingress {
			for _, from := range way.From {
				if from.NamespaceSelector != nil {
					found = append(found, "namespace → "+whom+":"+way.Ports[0].Port.String())
				} else if who := matched(pods(objects), from.PodSelector.MatchLabels); !slices.Equal(who, []string{"brrr-gateway"}) || whom != "brrr-predictor" {
					t.Errorf("%s lets %v in to %s", p.Name, who, whom)
				}
			}
		}
		for _, way := range p.Spec.Egress {
			if len(way.To) == 0 {
				found = append(found, whom+" → anywhere:"+way.Ports[0].Port.String())
			}
			for _, to := range way.To {
				found = append(found, whom+" → "+strings.Join(matched(pods(objects), to.PodSelector.MatchLabels), ", "))
			}
		}
	}
	if slices.Sort(found); !slices.Equal(found, ways) {
		t.Errorf("open are\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(ways, "\n"))
	}
	// The Job is in a folder of its own, and goes by the same policy.
	job := pods(deployed(t, "migrate"))
	store := named[networkingv1.NetworkPolicy](t, objects, "brrr-store")
	if len(matched(job, store.Spec.PodSelector.MatchLabels)) != 1 {
		t.Error("the Job does not reach the store")
	}
}

// TestWhatIsMountedIsThereAndUsed also wants each path that the settings name to be below a mount.
func TestWhatIsMountedIsThereAndUsed(t *testing.T) {
	for _, folder := range folders(t) {
		objects := deployed(t, folder)
		for name, pod := range pods(objects) {
			c := pod.Spec.Containers[0]
			var mounts, volumes []string
			for _, m := range c.VolumeMounts {
				mounts = append(mounts, m.Name)
			}
			for _, v := range pod.Spec.Volumes {
				volumes = append(volumes, v.Name)
			}
			if slices.Sort(mounts); !slices.Equal(mounts, slices.Sorted(slices.Values(volumes))) {
				t.Errorf("%s: %s mounts %v of %v", folder, name, mounts, volumes)
			}
			paths := slices.Clone(c.Args)
			if name == "brrr-gateway" {
				_, keys := settings(t, objects)
				paths = slices.AppendSeq(paths, maps.Values(keys))
			}
			for _, path := range paths {
				if _, path, _ = strings.Cut("="+path, "=/etc/"); path != "" && !slices.ContainsFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool {
					return strings.HasPrefix("/etc/"+path, m.MountPath+"/")
				}) {
					t.Errorf("%s: %s: nothing is mounted at /etc/%s", folder, name, path)
				}
			}
		}
	}
}
