package browsertest

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// The rules of axe-core, for WCAG 2.2 AA and good practice, find nothing.
func TestTheStudioIsAccessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../testdata/axe.min.js")
	require.NoError(t, err)
	p := open(t, setup(t, "2", nil).url, look{scheme: "light", width: 1280})
	p.expect("401 (Unauthorized)")
	check := func(state string) {
		t.Helper()
		for _, l := range []look{{scheme: "light", width: 1280}, {scheme: "dark", width: 1280}, {scheme: "dark", width: 360}, {scheme: "light", width: 360}} {
			p.show(l)
			violations := eval[[]string](p, string(axe)+`; new Promise((done) => requestAnimationFrame(done)).then(() => axe.run(document, {resultTypes: ["violations"]}))
				.then((r) => r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html + " " + n.failureSummary)))`)
			require.Empty(t, violations, fmt.Sprintf("%s, %+v", state, l))
		}
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
