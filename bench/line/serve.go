package line

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Serve answers requests until there are no more.
func Serve[Request, Reply any](ctx context.Context, in io.Reader, out io.Writer, answer func(context.Context, Request) (Reply, error)) error {
	requests, replies := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var q Request
		if err := requests.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("line: request: %w", err)
		}
		reply, err := answer(ctx, q)
		if err != nil {
			err = replies.Encode(failure{err.Error()})
		} else {
			err = replies.Encode(reply)
		}
		if err != nil {
			return fmt.Errorf("line: reply: %w", err)
		}
	}
}
