// pod-security reads pods as JSON on stdin, [{"metadata": {...}, "spec": {...}}, ...], and says where they break Pod
// Security "restricted", by the rules that the API server itself applies. Exit 1 when one does.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	log.SetFlags(0)
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	var pods []corev1.PodTemplateSpec
	decoder := json.NewDecoder(bytes.NewReader(input))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&pods); err != nil {
		log.Fatal(err)
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		log.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	broken := false
	for index := range pods {
		results := evaluator.EvaluatePod(restricted, &pods[index].ObjectMeta, &pods[index].Spec)
		if found := policy.AggregateCheckResults(results); !found.Allowed {
			broken = true
			fmt.Printf("pod %d: %s\n", index, found.ForbiddenDetail())
		}
	}
	if broken {
		os.Exit(1)
	}
}
