package main

import (
	"context"
	"fmt"
	"testing"
)

// However deep an interruption is wrapped, and whatever code a layer gave it,
// it is one.
func TestDiagnoseInterruption(t *testing.T) {
	wrapped := &failure{err: fmt.Errorf("read big.csv: %w", context.Canceled), code: exitContent, hint: "mend the file"}
	for _, err := range []error{context.Canceled, wrapped, fmt.Errorf("import: %w", wrapped)} {
		if f := diagnose(err, true); f.code != exitInterrupted || f.Error() != "interrupted" {
			t.Errorf("%v: %v, exit code %d", err, f, f.code)
		}
	}
	if f := diagnose(&failure{err: context.DeadlineExceeded, code: exitContent}, true); f.code != exitContent {
		t.Errorf("a failure that is no interruption: exit code %d", f.code)
	}
}
