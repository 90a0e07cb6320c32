package asset_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/asset"
	"son1k/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// create makes an empty file.
func create(t require.TestingT, ctx context.Context, pool *pgxpool.Pool) uuid.UUID {
	id := uuid.New()
	require.NoError(t, pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		return asset.CreateTx(ctx, tx, id, "audio/flac")
	}))
	return id
}

// content is size bytes that differ from chunk to chunk.
func content(size int, seed byte) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(data)
	return data
}

func write(t *testing.T, pool *pgxpool.Pool, data []byte) uuid.UUID {
	t.Helper()
	id := create(t, t.Context(), pool)
	w := asset.NewWriter(t.Context(), pool, id)
	_, err := w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return id
}

// Whatever the size and the pieces in which it was written, a file reads as its
// bytes do.
func TestFileReadsAsItWasWritten(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		ctx := t.Context()
		around := rapid.IntRange(0, 2).Draw(t, "chunks") * asset.ChunkSize
		data := content(max(0, around+rapid.IntRange(-3, 3).Draw(t, "more")), rapid.Byte().Draw(t, "seed"))
		id := create(t, ctx, pool)
		w := asset.NewWriter(ctx, pool, id)
		for rest := data; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			wrote, err := w.Write(rest[:n])
			require.NoError(t, err)
			require.Equal(t, n, wrote)
			rest = rest[n:]
		}
		require.NoError(t, w.Close())

		f, err := asset.Open(ctx, pool, id)
		require.NoError(t, err)
		sum := sha256.Sum256(data)
		require.Equal(t, sum[:], f.SHA256)
		require.EqualValues(t, len(data), f.Size)
		require.Equal(t, "audio/flac", f.ContentType)
		want := bytes.NewReader(data)
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {},
			"seek": func(t *rapid.T) {
				whence := rapid.IntRange(-1, 3).Draw(t, "whence")
				offset := rapid.Int64Range(-int64(len(data))-1, int64(len(data))+1).Draw(t, "offset")
				at, wantErr := want.Seek(offset, whence)
				got, err := f.Seek(offset, whence)
				require.Equal(t, wantErr == nil, err == nil, "%v, want %v", err, wantErr)
				require.Equal(t, at, got)
			},
			"read": func(t *rapid.T) {
				n := min(rapid.SampledFrom([]int{0, 1, 7, 4096, asset.ChunkSize, 1 << 20}).Draw(t, "bytes"), want.Len())
				a, b := make([]byte, n), make([]byte, n)
				_, err := io.ReadFull(want, a)
				require.NoError(t, err)
				_, err = io.ReadFull(f, b)
				require.NoError(t, err)
				require.True(t, bytes.Equal(a, b))
			},
			"end": func(t *rapid.T) {
				if want.Len() == 0 {
					n, err := f.Read(make([]byte, 1))
					require.Zero(t, n)
					require.ErrorIs(t, err, io.EOF)
				}
			},
		})
	})
}

func TestFileIsAProperReader(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for _, size := range []int{0, 1, asset.ChunkSize, 2*asset.ChunkSize + 100} {
		data := content(size, 1)
		f, err := asset.Open(t.Context(), pool, write(t, pool, data))
		require.NoError(t, err)
		require.NoError(t, iotest.TestReader(f, data), "%d bytes", size)
	}
}

func TestFileIsThereOnceItIsComplete(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	id := create(t, t.Context(), pool)
	w := asset.NewWriter(t.Context(), pool, id)
	absent := func() {
		_, err := asset.Open(t.Context(), pool, id)
		require.ErrorIs(t, err, asset.ErrNotFound)
	}
	absent()
	_, err := w.Write(content(asset.ChunkSize+1, 1))
	require.NoError(t, err)
	absent()
	require.NoError(t, w.Close())
	_, err = asset.Open(t.Context(), pool, id)
	require.NoError(t, err)

	require.Error(t, w.Close(), "closed already")
	_, err = w.Write([]byte("more"))
	require.Error(t, err)
	_, err = asset.Open(t.Context(), pool, uuid.New())
	require.ErrorIs(t, err, asset.ErrNotFound)
}

func TestEmptyFile(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	f, err := asset.Open(t.Context(), pool, write(t, pool, nil))
	require.NoError(t, err)
	require.Zero(t, f.Size)
	all, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Empty(t, all)
}

func remove(t *testing.T, pool *pgxpool.Pool, id uuid.UUID) {
	t.Helper()
	_, err := pool.Exec(t.Context(), "DELETE FROM assets WHERE id = $1", id)
	require.NoError(t, err)
}

func TestFileDeletedWhileItIsWritten(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for name, c := range map[string]struct{ before, after int }{
		"the next chunk fails": {asset.ChunkSize, asset.ChunkSize},
		"the rest fails":       {asset.ChunkSize, 1},
		"completion fails":     {asset.ChunkSize, 0},
		"nothing was written":  {0, 0},
	} {
		id := create(t, t.Context(), pool)
		w := asset.NewWriter(t.Context(), pool, id)
		_, err := w.Write(content(c.before, 1))
		require.NoError(t, err, name)
		remove(t, pool, id)
		_, _ = w.Write(content(c.after, 2)) // may have failed already
		require.Error(t, w.Close(), name)
		require.Error(t, w.Close(), name)
		_, err = asset.Open(t.Context(), pool, id)
		require.ErrorIs(t, err, asset.ErrNotFound, name)
	}
	var left int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM asset_chunks").Scan(&left))
	require.Zero(t, left)
}

func TestFileDeletedWhileItIsRead(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	data := content(asset.ChunkSize+10, 1)
	id := write(t, pool, data)
	f, err := asset.Open(t.Context(), pool, id)
	require.NoError(t, err)
	begin := make([]byte, 10)
	_, err = io.ReadFull(f, begin)
	require.NoError(t, err)
	remove(t, pool, id)
	rest, err := io.ReadAll(f)
	require.ErrorIs(t, err, asset.ErrNotFound)
	require.Equal(t, data[10:asset.ChunkSize], rest, "the chunk in memory is still good")
}

func TestCallsFailOnceTheContextHasEnded(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	data := content(asset.ChunkSize, 1)
	complete := write(t, pool, data)
	ctx, cancel := context.WithCancel(t.Context())
	f, err := asset.Open(ctx, pool, complete)
	require.NoError(t, err)
	id := create(t, ctx, pool)
	w := asset.NewWriter(ctx, pool, id)
	_, err = w.Write(data[:10])
	require.NoError(t, err)
	cancel()
	_, err = f.Read(make([]byte, 10))
	require.ErrorIs(t, err, context.Canceled)
	_, err = w.Write(data)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, w.Close(), context.Canceled)
	_, err = asset.Open(ctx, pool, complete)
	require.ErrorIs(t, err, context.Canceled)
	_, err = asset.Open(t.Context(), pool, id)
	require.ErrorIs(t, err, asset.ErrNotFound)
}

func TestCreationRollsBackWithItsTransaction(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	id := uuid.New()
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, asset.CreateTx(t.Context(), tx, id, "audio/flac"))
	require.NoError(t, tx.Rollback(t.Context()))
	require.Error(t, asset.NewWriter(t.Context(), pool, id).Close())
}
