// Package check holds deploy/kubernetes to Kubernetes' own types, and to what brrr needs and
// promises. It is a module of its own, so that the service's does not know Kubernetes.
package check
