package browsertest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// accessible checks the page in all its looks.
func (p *page) accessible(state string) {
	p.t.Helper()
	axe, err := os.ReadFile("../testdata/axe.min.js")
	require.NoError(p.t, err)
	for _, l := range []look{{scheme: "light", width: 1280}, {scheme: "dark", width: 1280}, {scheme: "dark", width: 360}, {scheme: "light", width: 360}} {
		p.show(l)
		violations := eval[[]string](p, string(axe)+`; new Promise((done) => requestAnimationFrame(done)).then(() => axe.run(document, {resultTypes: ["violations"]}))
			.then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html + " " + n.failureSummary)))`)
		require.Empty(p.t, violations, fmt.Sprintf("%s, %+v", state, l))
		require.LessOrEqual(p.t, eval[int64](p, "document.documentElement.scrollWidth"), l.width, "nothing sticks out: %s", state)
	}
}

// The rules of axe-core, for WCAG 2.2 AA and good practice, find nothing.
func TestTheStudioIsAccessible(t *testing.T) {
	t.Parallel()
	p := open(t, setup(t, "2", nil).url, look{scheme: "light", width: 1280})
	p.expect("401 (Unauthorized)")
	check := func(state string) {
		t.Helper()
		p.accessible(state)
	}
	p.fill("[name=login]", "ana")
	p.fill("[name=password]", "wrong")
	p.click("Sign in")
	p.sees("The name or the password is wrong")
	check("sign-in with an error")

	p.click("Create an account")
	p.fill("[name=email]", "ana@example.com")
	p.fill("[name=username]", "ana")
	p.fill("[name=password]", "correct horse battery")
	p.click("Create an account")
	p.sees("Nothing here yet")
	p.click("Title, lyrics and seed")
	check("the empty studio")

	p.ask("The last summer", 5)
	p.until("the song is there", finished+" === 1")
	p.click("Details")
	p.ask("Two rivals become friends", 60)
	p.until("it is under way", progress+" > 0")
	check("a finished song and one under way")

	p.click("Cancel")
	p.until("it is cancelled", `document.querySelector(".song.is-cancelled")`)
	p.click("Delete")
	p.sees("Delete for good?")
	check("a cancelled song and a question")
}

func TestTheRoomsAreAccessible(t *testing.T) {
	t.Parallel()
	s := setup(t, "2", nil)
	ana := open(t, s.url, look{scheme: "light", width: 1280})
	ben := ana.beside(s.url, look{width: 1280})
	ana.expect("ERR_", "WebSocket connection", "400 (Bad Request)", "404 (Not Found)")
	ben.expect("ERR_", "WebSocket connection")
	ana.register("ana")
	ben.register("ben")
	ana.click("Rooms")
	ana.sees("There is no other open room")
	ana.accessible("rooms, on a tier that cannot open any")

	s.promote("PREMIUM")
	require.NoError(t, chromedp.Do(ana.ctx, chromedp.Reload()))
	ana.click("Open the room")
	ana.sees("Give the room a name.")
	ana.accessible("a room without a name")
	ana.fill("[name=name]", "The night shift")
	ana.fill("textarea[name=description]", strings.Repeat("brass ", 40))
	ana.click("Open the room")
	ana.sees("Nobody has said anything yet")
	ana.fill("[name=username]", "nobody at all")
	ana.click("Invite")
	ana.sees("There is no such user")
	ana.accessible("an empty room")

	ana.fill("[name=username]", "ben")
	ana.click("Invite")
	ana.sees("ben is invited")
	ben.click("Rooms")
	ben.sees("ana invites you")
	ben.accessible("an invitation")
	ben.click("Accept")
	ben.here("ana", "ben")
	ben.say("Hello " + strings.Repeat("a", 100))
	ben.say("and")
	ana.sees("and")
	ana.say("Hello ben")
	ben.click("Studio")
	ben.ask("A lighthouse in a storm", 60)
	ana.until("a song is shown", `document.querySelector(".making")`)
	ana.click("Options for ben")
	ana.sees("Hand the room over")
	ana.accessible("a room with two people, a song and a talk, and the owner's options")
	require.NoError(t, chromedp.Do(ana.ctx, chromedp.KeyEvent(kb.Escape)))
	ana.until("Escape closes the options", `!document.querySelector("details.person-more[open]")`)
	require.Equal(t, "Son1k · The night shift", eval[string](ana, "document.title"))
	ana.click("Delete")
	s.stop()
	ana.sees("Connection lost")
	ana.say("are you there?")
	ana.sees("Will be sent once connected")
	ana.accessible("without a connection, with a question")
	s.start()
	ana.sees("Nothing was missed")
	ana.click("All rooms")
	ana.sees("You are here")
	ana.accessible("the list with a room")
}
