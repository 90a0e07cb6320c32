// Package asset keeps files in Postgres, in chunks, so that any replica can
// serve any file and none is ever held in memory as a whole.
package asset

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// ChunkSize is the size of new chunks, in bytes.
const ChunkSize = 256 << 10

// ErrNotFound means that there is no complete file with the id.
var ErrNotFound = errors.New("asset: no such file")

// CreateTx makes an empty file in the caller's transaction. Once that has
// committed, write the file with NewWriter.
func CreateTx(ctx context.Context, tx pgx.Tx, id uuid.UUID, contentType string) error {
	err := queries.New().AssetCreate(ctx, tx, queries.AssetCreateParams{
		ID: id, ContentType: contentType, ChunkSize: ChunkSize,
	})
	if err != nil {
		return fmt.Errorf("asset: create: %w", err)
	}
	return nil
}

// Writer writes a file from its beginning. Each full chunk is committed on its
// own; the file can be read once Close has succeeded.
type Writer struct {
	ctx   context.Context // an io.Writer has no other way to get one
	db    queries.DBTX
	q     *queries.Queries
	id    uuid.UUID
	chunk []byte
	n     int32
	size  int64
	hash  hash.Hash
	err   error
}

// NewWriter returns a Writer for the empty file that CreateTx made. Its calls
// fail once ctx ends or the file is deleted.
func NewWriter(ctx context.Context, db queries.DBTX, id uuid.UUID) *Writer {
	return &Writer{ctx: ctx, db: db, q: queries.New(), id: id, chunk: make([]byte, 0, ChunkSize), hash: sha256.New()}
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (n int, err error) {
	for len(p) > 0 && w.err == nil {
		part := p[:min(len(p), ChunkSize-len(w.chunk))]
		w.chunk = append(w.chunk, part...)
		p = p[len(part):]
		n += len(part)
		if len(w.chunk) == ChunkSize {
			w.flush()
		}
	}
	return n, w.err
}

func (w *Writer) flush() {
	if w.err != nil || len(w.chunk) == 0 {
		return
	}
	w.hash.Write(w.chunk)
	err := w.q.AssetWriteChunk(w.ctx, w.db, queries.AssetWriteChunkParams{AssetID: w.id, N: w.n, Data: w.chunk})
	if err != nil {
		w.err = fmt.Errorf("asset: write chunk %d: %w", w.n, err)
		return
	}
	w.n++
	w.size += int64(len(w.chunk))
	w.chunk = w.chunk[:0]
}

// Close writes the rest and completes the file.
func (w *Writer) Close() error {
	w.flush()
	if w.err != nil {
		return w.err
	}
	w.err = errors.New("asset: writer is closed")
	n, err := w.q.AssetFinish(w.ctx, w.db, queries.AssetFinishParams{ID: w.id, Size: w.size, Sha256: w.hash.Sum(nil)})
	if err != nil {
		return fmt.Errorf("asset: finish: %w", err)
	}
	if n == 0 {
		return ErrNotFound // deleted meanwhile
	}
	return nil
}

// File reads a complete file. It implements io.ReadSeeker, keeps one chunk in
// memory, and is not safe for concurrent use.
type File struct {
	ContentType string
	Size        int64
	SHA256      []byte
	CreatedAt   time.Time

	ctx       context.Context // an io.Reader has no other way to get one
	db        queries.DBTX
	q         *queries.Queries
	id        uuid.UUID
	chunkSize int64
	offset    int64
	chunk     []byte
	n         int64 // number of chunk; -1: none
}

// Open returns a complete file; reads fail once ctx ends. It fails with
// ErrNotFound.
func Open(ctx context.Context, db queries.DBTX, id uuid.UUID) (*File, error) {
	q := queries.New()
	row, err := q.AssetGet(ctx, db, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("asset: open: %w", err)
	}
	return &File{
		ContentType: row.ContentType, Size: row.Size, SHA256: row.Sha256, CreatedAt: row.CreatedAt,
		ctx: ctx, db: db, q: q, id: id, chunkSize: int64(row.ChunkSize), n: -1,
	}, nil
}

// Read implements io.Reader.
func (f *File) Read(p []byte) (int, error) {
	if f.offset >= f.Size {
		return 0, io.EOF
	}
	if n := f.offset / f.chunkSize; n != f.n {
		data, err := f.q.AssetReadChunk(f.ctx, f.db, queries.AssetReadChunkParams{AssetID: f.id, N: int32(n)})
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, ErrNotFound // deleted meanwhile
		}
		if err != nil {
			return 0, fmt.Errorf("asset: read chunk %d: %w", n, err)
		}
		f.chunk, f.n = data, n
	}
	in := f.offset - f.n*f.chunkSize
	if in >= int64(len(f.chunk)) {
		return 0, fmt.Errorf("asset: chunk %d of %s is too short", f.n, f.id)
	}
	n := copy(p, f.chunk[in:])
	f.offset += int64(n)
	return n, nil
}

// Seek implements io.Seeker.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += f.Size
	default:
		return 0, fmt.Errorf("asset: seek: whence is %d", whence)
	}
	if offset < 0 {
		return 0, errors.New("asset: seek before the start")
	}
	f.offset = offset
	return offset, nil
}
