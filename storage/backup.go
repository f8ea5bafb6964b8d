package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// KeptBackups is how many automatic backups are kept.
const KeptBackups = 10

// BackupDir returns the folder of the automatic backups: it stands beside the
// database.
func (s *Store) BackupDir() string { return filepath.Join(filepath.Dir(s.path), "backups") }

// Backup copies the whole database to file, which must not exist yet; of the
// folders above it, only BackupDir is made. The copy appears whole or not at
// all.
func (s *Store) Backup(ctx context.Context, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("back up to %s: %w", file, fs.ErrExist)
	}
	if filepath.Dir(file) == s.BackupDir() {
		if err := os.MkdirAll(s.BackupDir(), 0o700); err != nil {
			return fmt.Errorf("back up to %s: %w", file, err)
		}
	}
	if err := s.copyTo(ctx, file); err != nil {
		return fmt.Errorf("back up to %s: %w", file, explain(err))
	}
	return nil
}

// DailyBackup makes an automatic backup unless this study day has one, and
// drops the oldest beyond KeptBackups. It returns the file, or "".
func (s *Store) DailyBackup(ctx context.Context, now time.Time) (string, error) {
	const key = "last backup day"
	today := s.Scheduler().Day(now).String()
	var last string
	err := s.db.QueryRowContext(ctx, `SELECT value FROM meta WHERE key=?`, key).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("daily backup: %w", explain(err))
	}
	if last == today {
		return "", nil
	}
	file, err := s.backup(ctx, "daily", now)
	if err != nil {
		return "", fmt.Errorf("daily backup: %w", err)
	}
	_, err = s.db.ExecContext(ctx, `INSERT INTO meta(key, value) VALUES(?,?) ON CONFLICT(key) DO UPDATE SET value=excluded.value`, key, today)
	return file, explain(err)
}

// backupTime is how the name of an automatic backup tells the moment.
const backupTime = "20060102T150405.000Z"

// backupName begins the names of this database's automatic backups: another
// database may stand in the same folder.
func (s *Store) backupName() string {
	return strings.TrimSuffix(filepath.Base(s.path), filepath.Ext(s.path)) + "-"
}

// backup makes an automatic backup named after the database, the moment and
// the reason.
func (s *Store) backup(ctx context.Context, reason string, now time.Time) (string, error) {
	if err := os.MkdirAll(s.BackupDir(), 0o700); err != nil {
		return "", err
	}
	name := fmt.Sprintf("%s%s-%s.db", s.backupName(), now.UTC().Format(backupTime), reason)
	file := filepath.Join(s.BackupDir(), name)
	if err := s.copyTo(ctx, file); err != nil {
		return "", explain(err)
	}
	return file, s.dropOldBackups()
}

// dropOldBackups keeps the files that were written last. The moments in their
// names may come from --now or from a clock that ran ahead.
func (s *Store) dropOldBackups() error {
	entries, err := os.ReadDir(s.BackupDir())
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	for _, entry := range entries {
		rest, ours := strings.CutPrefix(entry.Name(), s.backupName())
		moment, _, _ := strings.Cut(rest, "-")
		if _, err := time.Parse(backupTime, moment); !ours || err != nil {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // another process was faster
		}
		if err != nil {
			return err
		}
		files = append(files, info)
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int {
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name()))
	})
	for _, old := range files[:max(0, len(files)-KeptBackups)] {
		if err := os.Remove(filepath.Join(s.BackupDir(), old.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// copyTo writes a compact copy beside file, makes it durable and renames it.
func (s *Store) copyTo(ctx context.Context, file string) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".etch-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if _, err := s.db.ExecContext(ctx, `VACUUM INTO ?`, tmp.Name()); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}

// Restore replaces everything in the database by the backup in file, after a
// backup of what is there now, whose path it returns. Programs that have the
// database open go on with the restored one.
func (s *Store) Restore(ctx context.Context, file string, now time.Time) (saved string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("restore %s: %w", file, explain(err))
		}
	}()
	old, err := Open(ctx, file, Options{ReadOnly: true, Location: s.loc})
	if err != nil {
		return "", err
	}
	findings, err := old.Doctor(ctx)
	if err = errors.Join(err, old.Close()); err != nil {
		return "", err
	}
	if len(findings) > 0 {
		return "", fmt.Errorf("%w: %s", ErrDamaged, strings.Join(findings, "; "))
	}
	if saved, err = s.backup(ctx, "before-restore", now); err != nil {
		return "", err
	}
	if err := s.copyFrom(ctx, file); err != nil {
		return saved, err
	}
	return saved, s.ReloadSettings(ctx)
}

// copyFrom overwrites the open database page by page in one transaction.
func (s *Store) copyFrom(ctx context.Context, file string) error {
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		c, ok := driver.(interface {
			NewRestore(string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("the driver cannot copy a database")
		}
		b, err := c.NewRestore(dsn(path, true)) // a bare path would end at its first ?
		if err != nil {
			return err
		}
		_, err = b.Step(-1)
		return errors.Join(err, b.Finish())
	})
}
