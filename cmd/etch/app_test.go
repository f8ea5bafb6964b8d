package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests need their zones on every machine

	"etch/storage"
)

// A date is 9 in the morning also where the clock was changed in the night.
func TestParseTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-03-28":                "2026-03-28T09:00:00+01:00",
		"2026-03-29":                "2026-03-29T09:00:00+02:00", // has 23 hours
		"2026-10-25":                "2026-10-25T09:00:00+01:00", // has 25
		"2026-12-01 08:00":          "2026-12-01T08:00:00+01:00",
		"2026-12-01T08:00:30":       "2026-12-01T08:00:30+01:00",
		"2026-12-01T08:00:30Z":      "2026-12-01T08:00:30Z",
		"2026-12-01T08:00:30-05:00": "2026-12-01T08:00:30-05:00",
	} {
		got, err := parseTime(text, time.Date(2026, 1, 1, 0, 0, 0, 0, berlin))
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v, want %s", text, got, err, want)
		}
	}
}

// The screens open under --now on the default database, too; what they edit
// stands beside it.
func TestScreensEditNothingUnderNow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etch.db")
	store, err := storage.Open(t.Context(), path, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	store.Close()
	if store, err = storage.Open(t.Context(), path, storage.Options{ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	d := &desk{a: newApp(systemEnv()), store: store}
	if _, _, err := d.Edit(t.Context(), "etch/tcp-hol"); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("edit: %v, want a refusal", err)
	}
}
