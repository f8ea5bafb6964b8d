package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"etch/storage"
)

func newBackupCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "backup [FILE]",
		Short: "Copy the whole database to a file",
		Long: `Backup writes a compact copy of the whole database to FILE, by default to the
backups folder beside it. etch makes one by itself once a study day, and before
an upgrade or a restore, and keeps the newest 10 of these there; those that you
make stay for good.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := ""
			if len(args) == 1 {
				file = args[0]
			}
			return runBackup(cmd.Context(), a, file)
		},
	}
}

func runBackup(ctx context.Context, a *app, file string) error {
	use := looking
	if file == "" {
		use = writing // to the folder beside the database, under a name that tells the time
	}
	store, err := a.open(ctx, use)
	if err != nil {
		return err
	}
	if file == "" {
		file = filepath.Join(store.BackupDir(), "manual-"+a.now().Format("20060102-150405")+".db")
	}
	if err := store.Backup(ctx, file); err != nil {
		return err
	}
	return a.printFile("etch.backup/1", file)
}

func newRestoreCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Replace the database by a backup",
		Long: `Restore checks FILE, backs up the present database, and replaces its content in
one step. A program that has the database open goes on with the restored one.

A damaged database is no obstacle: it is kept as it is, for good, in the backups
folder. Where it could not even be opened, close the programs that use it first.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runRestore(cmd.Context(), a, args[0]) },
	}
}

func runRestore(ctx context.Context, a *app, file string) error {
	path, _ := a.dbPath()
	store, err := a.openOnly(ctx, writing) // a compile would fail where the database is damaged
	var saved string
	switch {
	case err == nil:
		saved, err = store.Restore(ctx, file, a.now())
	case errors.Is(err, storage.ErrDamaged):
		saved, err = storage.Replace(ctx, path, file, storage.Options{Location: a.loc, Now: a.now()})
	default:
		return err
	}
	if saved != "" && !a.flags.quiet {
		a.say("what was there before is saved as %s", saved)
	}
	if saved == "" && (isNotFound(err) || errors.Is(err, storage.ErrForeign) || errors.Is(err, storage.ErrDamaged)) {
		return &failure{err: err, code: exitFailure, hint: "name a backup; etch keeps its own in the folder backups beside " + path}
	}
	if err != nil {
		return err
	}
	return a.printFile("etch.restore/1", file)
}

func (a *app) printFile(schema, file string) error {
	if a.flags.json {
		return a.encode(map[string]string{"schema": schema, "file": file})
	}
	_, err := fmt.Fprintln(a.out, file)
	return err
}
