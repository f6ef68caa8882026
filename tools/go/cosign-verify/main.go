// Command cosign-verify says whether an image has a signature of a key, with cosign's own packages and in the way of
// Flux's source-controller (internal/oci/cosign): `cosign-verify KEY HOST/NAME@DIGEST`.
package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/sigstore/cosign/v3/pkg/cosign"
	"github.com/sigstore/cosign/v3/pkg/oci"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
)

func main() {
	if err := verify(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func verify(ctx context.Context, key, image string) error {
	pem, err := os.ReadFile(key)
	if err != nil {
		return err
	}
	public, err := cryptoutils.UnmarshalPEMToPublicKey(pem)
	if err != nil {
		return err
	}
	verifier, err := signature.LoadVerifier(public, crypto.SHA256)
	if err != nil {
		return err
	}
	ref, err := name.ParseReference(image, name.Insecure)
	if err != nil {
		return err
	}
	options := &cosign.CheckOpts{Offline: true, IgnoreTlog: true, SigVerifier: verifier}
	var found []oci.Signature
	bundles, _, err := cosign.GetBundles(ctx, ref, nil, name.Insecure)
	if len(bundles) == 0 || err != nil {
		found, _, err = cosign.VerifyImageSignatures(ctx, ref, options)
	} else {
		options.NewBundleFormat = true
		found, _, err = cosign.VerifyImageAttestations(ctx, ref, options, name.Insecure)
	}
	if err == nil && len(found) == 0 {
		err = errors.New("no signature")
	}
	return err
}
