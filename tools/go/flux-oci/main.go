// Command flux-oci pulls an artifact as Flux does, with Flux's own client: `flux-oci oci://HOST/NAME:TAG FOLDER` writes
// its content into the folder and what its manifest says to stdout, as JSON.
package main

import (
	"context"
	"encoding/json"
	"os"
	"strings"

	"github.com/fluxcd/pkg/oci"
	"github.com/google/go-containerregistry/pkg/crane"
)

func main() {
	client := oci.NewClient(append(oci.DefaultOptions(), crane.Insecure))
	found, err := client.Pull(context.Background(), strings.TrimPrefix(os.Args[1], oci.OCIRepositoryPrefix), os.Args[2])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}
