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

// Everything comes once and in order through a connection that is cut again and
// again and a server that is restarted, whichever way the client signs in.
func TestTheSocketClientLosesNothing(t *testing.T) {
	t.Parallel()
	s := setup(t, "0", nil)
	way := between(t, s)
	p := open(t, way.url, look{})
	p.register("ana")
	p.expect("ERR_", "WebSocket connection", "503")
	s.promote("PREMIUM")
	room := eval[string](p, call+`call("POST", "rooms", {name: "x"}).then((r) => r.data.id)`)
	_, err := chromedp.Run(p.ctx, chromedp.Evaluate[any](fmt.Sprintf(`import("/son1k.js").then(({ Son1k }) => {
		const token = async () => JSON.parse(localStorage["son1k.session"]).accessToken;
		const ticket = async () => (await (await fetch("/api/auth/ticket", {method: "POST", headers: {Authorization: "Bearer " + await token()}})).json()).data.ticket;
		window.logs = [{ getToken: token }, { getTicket: ticket }].map((options) => {
			const log = { seqs: [], texts: [], synced: [], wentOffline: 0 };
			const son1k = new Son1k(options);
			son1k.on("collaboration_message", (m, { seq }) => (log.seqs.push(seq), log.texts.push(m.message)));
			son1k.on("synced", ({ topic, recovered }) => topic.startsWith("room:") && log.synced.push(recovered));
			son1k.on("state", ({ state }) => state === "offline" && log.wentOffline++);
			son1k.connect();
			son1k.joinRoom(%q);
			return log;
		});
	})`, room), chromedp.EvalAwaitPromise))
	require.NoError(t, err)
	p.until("both are in the room", "logs.every((l) => l.synced.length === 1)")

	// Somebody else talks, and does not stop for our troubles.
	token := eval[string](p, `JSON.parse(localStorage["son1k.session"]).accessToken`)
	const rounds, each = 5, 20
	var want []string
	for round := range rounds {
		for i := range each {
			text := fmt.Sprint(round, " ", i)
			want = append(want, text)
			s.post(token, "/api/collaboration/rooms/"+room+"/messages", map[string]string{"message": text})
			if i == each/2 {
				way.cut()
			}
		}
		p.until("both have noticed", fmt.Sprintf("logs.every((l) => l.wentOffline > %d)", round))
		if round == rounds/2 {
			s.stop()
			s.start()
		}
		way.mend()
		p.until("both are back", fmt.Sprintf("logs.every((l) => l.synced.length > %d)", round+1))
	}
	for i := range 2 {
		p.until("all has come", fmt.Sprintf("logs[%d].texts.length >= %d", i, rounds*each))
		require.Equal(t, want, eval[[]string](p, fmt.Sprintf("logs[%d].texts", i)))
		require.True(t, eval[bool](p, fmt.Sprintf("logs[%d].seqs.every((n, i, all) => i === 0 || n === all[i - 1] + 1)", i)), "numbered without a hole")
		require.True(t, eval[bool](p, fmt.Sprintf("logs[%d].synced.slice(1).every(Boolean)", i)), "nothing had to be loaded")
	}
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
