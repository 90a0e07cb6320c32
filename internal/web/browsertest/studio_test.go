package browsertest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"son1k/internal/provider"
	"son1k/internal/provider/synth"
)

const (
	progress = `Number(document.querySelector('[role="progressbar"]')?.getAttribute("aria-valuenow") ?? -1)`
	cards    = `document.querySelectorAll(".song").length`
	finished = `document.querySelectorAll(".song.is-completed .play").length`
)

// visit opens the studio and makes an account.
func visit(t *testing.T, s *site, l look) *page {
	t.Helper()
	p := open(t, s.url, l)
	p.register("ana")
	return p
}

func (p *page) register(name string) {
	p.t.Helper()
	p.click("Create an account")
	p.fill("[name=email]", name+"@example.com")
	p.fill("[name=username]", name)
	p.fill("[name=password]", "correct horse battery")
	p.click("Create an account")
	p.sees("Nothing here yet")
}

// ask asks for a song of so many seconds.
func (p *page) ask(prompt string, seconds int) {
	p.t.Helper()
	p.describe(prompt, seconds)
	p.click("Make the song")
}

func (p *page) describe(prompt string, seconds int) {
	p.t.Helper()
	p.fill("[name=prompt]", prompt)
	eval[bool](p, fmt.Sprintf(`(() => { const e = document.querySelector("[name=duration]"); e.value = %d;
		e.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`, seconds))
}

func TestASongFromWordsToSound(t *testing.T) {
	t.Parallel()
	p := visit(t, setup(t, "3", nil), look{width: 1280})
	p.sees("2 left today")

	p.describe("A lighthouse in a storm", 10)
	eval[any](p, `for (const twice of [1, 2]) document.querySelector("form").requestSubmit()`)
	p.until("there is a card at once", cards+" === 1")
	p.until("progress shows", progress+" > 0")
	first := eval[int](p, progress)
	p.until("progress moves", fmt.Sprintf("%s > %d && %s < 100", progress, first, progress))
	p.until("the song is there", finished+" === 1")
	p.sees("1 left today")
	require.Equal(t, 1, eval[int](p, cards), "sent twice, made once")
	require.True(t, eval[bool](p, `document.querySelector("[aria-live]").innerText.includes("is ready")`), "a screen reader is told")

	p.click("Play ")
	p.until("it plays", `document.querySelector("audio").currentTime > 0.3`)
	p.click("Pause ")
	p.until("it stops", `document.querySelector("audio").paused`)
	eval[bool](p, `(document.querySelector(".wave input").focus(), true)`)
	require.NoError(t, chromedp.Do(p.ctx, chromedp.KeyEvent(kb.ArrowRight)))
	p.until("the keyboard moves it", `document.querySelector("audio").currentTime > 5`)

	p.click("Details")
	p.sees("beats a minute")
	link := eval[map[string]string](p, `fetch(document.querySelector("a[download]").href).then((r) =>
		({status: String(r.status), type: r.headers.get("Content-Type"), name: r.headers.get("Content-Disposition")}))`)
	require.Equal(t, "200", link["status"])
	require.Equal(t, "audio/flac", link["type"])
	require.Contains(t, link["name"], "attachment")

	p.click("Delete")
	p.click("Yes, delete")
	p.sees("Nothing here yet")
}

func TestASongSurvivesReload(t *testing.T) {
	t.Parallel()
	p := visit(t, setup(t, "2", nil), look{width: 1280})
	p.ask("A road trip at sunrise", 10)
	p.until("it is under way", progress+" > 15")
	require.NoError(t, chromedp.Do(p.ctx, chromedp.Reload()))
	p.until("it is under way, after a reload", progress+" > 15")
	seen := eval[int](p, progress)
	p.until("it goes on", fmt.Sprintf("%s > %d || %s === 1", progress, seen, finished))
	p.until("the song is there", finished+" === 1 && "+cards+" === 1")
}

func TestASongSurvivesARestartOfTheServer(t *testing.T) {
	t.Parallel()
	s := setup(t, "2", nil)
	p := visit(t, s, look{width: 1280})
	p.expect("ERR_CONNECTION", "WebSocket connection", "503")
	p.ask("Rain on the window", 10)
	p.until("it is under way", progress+" > 20")

	s.stop()
	p.sees("Connection lost")
	s.start()
	p.until("the banner is gone", `!document.body.innerText.includes("Connection lost")`)
	p.until("the song is there", finished+" === 1 && "+cards+" === 1")
	p.click("Play ")
	p.until("it plays", `document.querySelector("audio").currentTime > 0.1`)
}

func TestTheQueueCancelRetryAndOtherTabs(t *testing.T) {
	t.Parallel()
	p := visit(t, setup(t, "2", nil), look{width: 1280})
	p.ask("The first one", 10)
	p.until("the first is under way", progress+" >= 0")
	// What another tab or program of the same person does shows up here.
	eval[int](p, `fetch("/api/generation/create", {method: "POST", body: JSON.stringify({prompt: "The second one", duration: 5}), headers: {
		"Content-Type": "application/json", Authorization: "Bearer " + JSON.parse(localStorage["son1k.session"]).accessToken}}).then((r) => r.status)`)
	p.sees("The second one")
	p.sees("Next in line")
	p.sees("No songs left for now")

	second := `document.querySelector(".song")` // the newest is on top
	eval[bool](p, second+`.querySelector(".actions button").click() ?? true`)
	p.until("the second is cancelled", second+`.classList.contains("is-cancelled")`)
	p.sees("1 left today")
	p.click("Try again")
	p.until("the second waits again", second+`.classList.contains("is-pending")`)
	p.until("both are finished", finished+" === 2")

	p.fill("[type=search]", "second")
	p.until("the search finds one", cards+" === 1")
}

func TestWhatIsWrongShowsAtItsFieldAndInSpanish(t *testing.T) {
	t.Parallel()
	p := open(t, setup(t, "0", nil).url, look{lang: "es-CO", width: 360})
	p.expect("400 (Bad Request)")
	p.click("Crear una cuenta")
	p.fill("[name=email]", "nobody")
	p.fill("[name=username]", "a")
	p.fill("[name=password]", "short")
	p.click("Crear una cuenta")
	p.sees("Un correo como nombre@example.com.")
	p.sees("De 8 a 128 caracteres.")
	p.fill("[name=email]", "ana@example.com")
	p.fill("[name=username]", "ana")
	p.fill("[name=password]", "correct horse battery")
	p.click("Crear una cuenta")
	p.sees("Aún no hay nada")
	require.Equal(t, "es", eval[string](p, "document.documentElement.lang"))

	p.fill("[name=prompt]", strings.Repeat("la", 1501))
	p.sees("3002 / 3000")
	p.click("Crear la canción")
	p.sees("Como máximo 3000 caracteres.")
	problem := eval[string](p, `document.getElementById(document.querySelector("[name=prompt]").getAttribute("aria-describedby").split(" ")[0]).innerText`)
	require.Equal(t, "Como máximo 3000 caracteres.", problem)
	require.Eventually(t, func() bool { // once the page has been drawn
		return eval[string](p, "document.activeElement.name ?? ''") == "prompt"
	}, 30*time.Second, 50*time.Millisecond, "the keyboard is where the problem is")
	require.LessOrEqual(t, eval[int](p, "document.documentElement.scrollWidth"), 360, "nothing sticks out")

	p.click("English")
	p.sees("What should it sound like?")
	require.NoError(t, chromedp.Do(p.ctx, chromedp.Reload()))
	p.sees("What should it sound like?")

	p.click("Sign out")
	p.sees("Songs from a sentence")
	require.Nil(t, eval[any](p, `localStorage["son1k.session"] ?? null`))
}

// moody fails as its songs ask for, and makes them otherwise.
type moody struct{ provider.Provider }

func (m moody) Submit(ctx context.Context, r provider.Request) (string, error) {
	switch {
	case strings.Contains(r.Prompt, "forbidden"):
		return "", &provider.Error{Kind: provider.Rejected, Message: "The words are too close to a known song.", Suggestion: "Change the prompt."}
	case strings.Contains(r.Prompt, "unlucky"):
		return "", &provider.Error{Kind: provider.Overloaded, Message: "busy"}
	}
	return m.Provider.Submit(ctx, r)
}

func TestFailuresAreToldAsTheyAre(t *testing.T) {
	t.Parallel()
	p := visit(t, setup(t, "0", moody{synth.New()}), look{width: 1280})
	p.ask("Something forbidden", 5)
	p.sees("The words are too close to a known song. Change the prompt.")
	p.sees("This song failed")
	p.sees("2 left today")

	p.ask("Something unlucky", 5)
	p.sees("Something got in the way")
	p.sees("trying again")
	p.click("Cancel")
	p.until("it is cancelled", `document.querySelector(".song.is-cancelled")`)
}

func TestTheStudioSignsInWhoSitsAtTheMachine(t *testing.T) {
	t.Parallel()
	s := &site{t: t, env: []string{"SON1K_HOME=" + t.TempDir(), "PORT=0"}}
	t.Cleanup(func() { s.app.Stop() })
	s.start()
	p := open(t, s.url, look{width: 1280})
	p.sees("Nothing here yet")
	p.ask("A lullaby for a city", 5)
	p.until("the song is there", finished+" === 1")
	require.Zero(t, eval[int](p, "localStorage.length"), "no token is kept")
}
