package embedded

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	logMax       = 4 << 20 // bytes, after which the log is put aside
	complaintMax = 4 << 10 // bytes of the log's end that an error quotes from
)

// logFile is what Postgres writes its messages to. It has the descriptor
// itself, so that nothing is lost, and nothing blocks, if this process dies.
type logFile struct {
	root *os.Root
	file *os.File
	from int64 // where this run of Postgres begins
}

func openLog(root *os.Root, owner account) (*logFile, error) {
	f, err := root.OpenFile(logName, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("log file: %w", err)
	}
	l := &logFile{root: root, file: f}
	if owner.drop { // the owner may be the next to run this cluster
		err = f.Chown(owner.uid, owner.gid)
	}
	if err == nil {
		err = l.bound()
	}
	if err == nil {
		l.from, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("log file: %w", err)
	}
	return l, nil
}

func (l *logFile) close() { l.file.Close() }

// bound copies a log that has grown large to log.1 and empties it. Postgres
// goes on at the new end, since it appends. It is emptied even if the copy
// fails, lest it fill the disk.
func (l *logFile) bound() error {
	info, err := l.file.Stat()
	if err != nil || info.Size() <= logMax {
		return err
	}
	copyErr := l.copyTo(logName + ".1")
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	l.from = 0
	return copyErr
}

func (l *logFile) copyTo(name string) error {
	dst, err := l.root.Create(name)
	if err != nil {
		return err
	}
	defer dst.Close()
	_, err = io.Copy(dst, io.NewSectionReader(l.file, 0, 2*logMax))
	return err
}

// complaints quotes, for an error message, why Postgres ended.
func (l *logFile) complaints() string {
	info, err := l.file.Stat()
	if err != nil {
		return ""
	}
	from := max(l.from, info.Size()-complaintMax)
	tail, err := io.ReadAll(io.NewSectionReader(l.file, from, complaintMax))
	if err != nil {
		return ""
	}
	var lines []string
	for line := range bytes.Lines(tail) {
		for _, level := range []string{"FATAL:", "PANIC:", "HINT:"} {
			if i := bytes.Index(line, []byte(level)); i >= 0 {
				lines = append(lines, string(bytes.TrimSpace(line[i:])))
			}
		}
	}
	if len(lines) == 0 {
		return "; see " + l.file.Name()
	}
	return ": " + strings.Join(lines, "; ") + " (" + l.file.Name() + ")"
}
