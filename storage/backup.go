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
	"sort"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// keptBackups is how many automatic backups are kept.
const keptBackups = 10

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
// drops the oldest beyond keptBackups. It returns the file, or "".
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
	sort.Slice(files, func(i, j int) bool {
		a, b := files[i], files[j]
		return cmp.Or(a.ModTime().Compare(b.ModTime()), cmp.Compare(a.Name(), b.Name())) < 0
	})
	for _, old := range files[:max(0, len(files)-keptBackups)] {
		if err := os.Remove(filepath.Join(s.BackupDir(), old.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// copyTo writes a compact copy beside file, makes it durable and renames it.
func (s *Store) copyTo(ctx context.Context, file string) error {
	return writeCopy(file, func(tmp string) error {
		_, err := s.db.ExecContext(ctx, `VACUUM INTO ?`, tmp)
		return err
	})
}

func writeCopy(file string, fill func(tmp string) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(file), ".etch-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	defer tmp.Close()
	if err := fill(tmp.Name()); err != nil {
		return err
	}
	if err := tmp.Sync(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), file)
}

// Restore replaces everything in the database by the backup in file, after a
// backup of what is there now, whose path it returns. Programs that have the
// database open go on with the restored one. A damaged database is saved as it
// is, page by page, and that copy is kept for good.
func (s *Store) Restore(ctx context.Context, file string, now time.Time) (saved string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("restore %s: %w", file, explain(err))
		}
	}()
	old, err := openBackup(ctx, file, s.loc)
	if err != nil {
		return "", err
	}
	if err := old.Close(); err != nil {
		return "", err
	}
	saved, err = s.backup(ctx, "before-restore", now)
	if errors.Is(err, ErrDamaged) {
		saved, err = s.copyDamaged(ctx, now)
	}
	if err != nil {
		return "", err
	}
	if err := s.copyFrom(ctx, file); err != nil {
		return saved, err
	}
	return saved, s.ReloadSettings(ctx)
}

// Replace puts the backup in file in the place of a database that is too
// damaged to be opened. The damaged file and what SQLite keeps beside it move
// to the backups, for good; saved is the file's new path. A program that has
// the damaged file open can write no more: its writes are ErrGone.
func Replace(ctx context.Context, path, file string, opt Options) (saved string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("restore %s: %w", file, explain(err))
		}
	}()
	old, err := openBackup(ctx, file, opt.Location)
	if err != nil {
		return "", err
	}
	defer old.Close()
	if path, err = filepath.Abs(path); err != nil {
		return "", err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil { // what SQLite does
		return "", err
	}
	fresh := path + "-restored"
	if err := old.copyTo(ctx, fresh); err != nil {
		return "", err
	}
	defer os.Remove(fresh)
	s := &Store{path: path}
	if saved, err = s.setAside(opt.Now); err != nil {
		return "", err
	}
	return saved, os.Rename(fresh, path)
}

// openBackup opens the backup in file once it has proved to be whole.
func openBackup(ctx context.Context, file string, loc *time.Location) (*Store, error) {
	old, err := Open(ctx, file, Options{ReadOnly: true, Location: loc})
	if err != nil {
		return nil, err
	}
	findings, err := old.Doctor(ctx)
	if err == nil && len(findings) > 0 {
		err = fmt.Errorf("%w: %s", ErrDamaged, strings.Join(findings, "; "))
	}
	if err != nil {
		return nil, errors.Join(err, old.Close())
	}
	return old, nil
}

// damagedFile returns a free name in BackupDir, which it makes. It is none of
// an automatic backup's, so that dropOldBackups leaves the file alone.
func (s *Store) damagedFile(now time.Time) (string, error) {
	if err := os.MkdirAll(s.BackupDir(), 0o700); err != nil {
		return "", err
	}
	file := filepath.Join(s.BackupDir(), s.backupName()+"damaged-"+now.UTC().Format(backupTime)+".db")
	if _, err := os.Lstat(file); err == nil {
		return "", fmt.Errorf("save the damaged database as %s: %w", file, fs.ErrExist)
	}
	return file, nil
}

// copyDamaged copies the pages as they are: VACUUM reads what they hold, and
// fails.
func (s *Store) copyDamaged(ctx context.Context, now time.Time) (string, error) {
	file, err := s.damagedFile(now)
	if err != nil {
		return "", err
	}
	return file, writeCopy(file, func(tmp string) error {
		return s.copyPages(ctx, func(c copier) (*sqlite.Backup, error) { return c.NewBackup(dsn(tmp, false)) })
	})
}

// setAside moves the database's files to the backups. The database itself is
// the last: a log that stayed behind would be taken for the next one's.
func (s *Store) setAside(now time.Time) (string, error) {
	file, err := s.damagedFile(now)
	if err != nil {
		return "", err
	}
	for _, suffix := range []string{"-shm", "-wal", "-journal", ""} {
		err := os.Rename(s.path+suffix, file+suffix)
		if err != nil && !(suffix != "" && errors.Is(err, fs.ErrNotExist)) {
			return "", fmt.Errorf("%w; what SQLite keeps beside the database may be beside %s by now", err, file)
		}
	}
	return file, nil
}

// copyFrom overwrites the open database page by page in one transaction.
func (s *Store) copyFrom(ctx context.Context, file string) error {
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	// A bare path would end at its first ?.
	return s.copyPages(ctx, func(c copier) (*sqlite.Backup, error) { return c.NewRestore(dsn(path, true)) })
}

// copier is the driver's connection.
type copier interface {
	NewBackup(to string) (*sqlite.Backup, error)
	NewRestore(from string) (*sqlite.Backup, error)
}

func (s *Store) copyPages(ctx context.Context, begin func(copier) (*sqlite.Backup, error)) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	return conn.Raw(func(driver any) error {
		c, ok := driver.(copier)
		if !ok {
			return errors.New("the driver cannot copy a database")
		}
		b, err := begin(c)
		if err != nil {
			return err
		}
		_, err = b.Step(-1)
		return errors.Join(err, b.Finish())
	})
}
