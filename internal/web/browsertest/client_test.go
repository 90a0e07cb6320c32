package browsertest

import (
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

func TestTheSocketClientFollowsTheProtocol(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile("../testdata/client.js")
	require.NoError(t, err)
	p := open(t, setup(t, "0", nil).url, look{})
	p.sees("Sign in")
	require.Empty(t, eval[[]string](p, string(script)))
}

func TestASessionIsRenewedUntilItIsNot(t *testing.T) {
	t.Parallel()
	p := visit(t, setup(t, "0", nil), look{width: 1280})
	p.expect("401 (Unauthorized)")
	change := `(() => { const s = JSON.parse(localStorage["son1k.session"]); const was = s.refreshToken;
		Object.assign(s, %s); localStorage["son1k.session"] = JSON.stringify(s); return was; })()`

	p.t.Log("an access token about to expire")
	was := eval[string](p, fmt.Sprintf(change, `{expiresAt: Date.now() + 1000}`))
	require.NoError(t, chromedp.Do(p.ctx, chromedp.Reload()))
	p.sees("Nothing here yet")
	p.until("there is another refresh token", fmt.Sprintf(`JSON.parse(localStorage["son1k.session"]).refreshToken !== %q`, was))

	p.t.Log("an access token that the server does not take")
	eval[string](p, fmt.Sprintf(change, `{accessToken: "nonsense"}`))
	require.NoError(t, chromedp.Do(p.ctx, chromedp.Reload()))
	p.sees("Nothing here yet")

	p.t.Log("neither does it take the refresh token")
	eval[string](p, fmt.Sprintf(change, `{accessToken: "nonsense", refreshToken: "nonsense"}`))
	require.NoError(t, chromedp.Do(p.ctx, chromedp.Reload()))
	p.sees("Songs from a sentence")
}
