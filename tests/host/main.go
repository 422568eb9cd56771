// Command testhost plays a wick host: it installs, checks and calls plugins the
// way a host in Go does, so that tests compare our files with Go's own reading.
//
// It shares no code with wick or with the example plugins. connectorpb is
// generated from examples/plugins/proto/connector.proto with protoc and
// `--go_opt=Mconnector.proto=example.com/wick/testhost/connectorpb` (same for
// `--go-grpc_opt`).
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

const usage = `usage:
  testhost install [-pubkey B64[,B64]] [-require-signature] [-os-arch OS/ARCH] [-max-bytes N] ZIP DIR
  testhost fetch [-cache DIR] [flags of install] CATALOG_URL KEY DIR
  testhost call DIR/KEY [-op OP] [-args JSON] [-creds JSON] [-stream] [-perms] [-token TOKEN]
  testhost bench [-calls N] [-plain] DIR/KEY
  testhost strain DIR/KEY
  testhost canon ZIP
  testhost keygen FILE
  testhost checksig PUBKEY SHA256HEX SIGNATURE
`

// errUsage ends with exit code 2: the question was wrong, not the answer no.
var errUsage = errors.New("wrong arguments")

func main() {
	err := run(os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "%v\n%s", err, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	switch args[0] {
	case "install":
		return runInstall(args[1:], out)
	case "fetch":
		return runFetch(args[1:], out)
	case "call":
		return runCall(args[1:], out)
	case "bench":
		return runBench(args[1:], out)
	case "strain":
		return runStrain(args[1:], out)
	case "canon":
		return runCanon(args[1:], out)
	case "keygen":
		return runKeygen(args[1:], out)
	case "checksig":
		return runCheckSig(args[1:], out)
	}
	return fmt.Errorf("%w: no command `%s`", errUsage, args[0])
}

// parse reads flags wherever they stand; Go's own package stops at the first other word.
func parse(flags *flag.FlagSet, args []string, want int) ([]string, error) {
	flags.SetOutput(io.Discard)
	var words []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return nil, fmt.Errorf("%w: %v", errUsage, err)
		}
		if args = flags.Args(); len(args) > 0 {
			words, args = append(words, args[0]), args[1:]
		}
	}
	if len(words) != want {
		return nil, fmt.Errorf("%w: %d given, %d needed", errUsage, len(words), want)
	}
	return words, nil
}
