package browsertest

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const (
	patience = 45 * time.Second      // for anything to come true, on a busy machine
	interval = 25 * time.Millisecond // between looks at the page
)

// browsers limits how many run at once.
var browsers = make(chan struct{}, 2) //nolint:gochecknoglobals // a limit of the whole process

// page is a tab in a browser of its own. At the end of the test it fails it for
// errors that the console showed, violations of the Content-Security-Policy
// among them.
type page struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	expected []string
	problems []string
}

// look is how a page is shown.
type look struct {
	lang, scheme string
	width        int64
}

func open(t *testing.T, url string, l look) *page {
	t.Helper()
	browsers <- struct{}{}
	t.Cleanup(func() { <-browsers })
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox,
		chromedp.Flag("headless", "new"), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("mute-audio", true),
	)
	// The test's own context ends before its browser is closed.
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	return visitAt(t, ctx, url, l)
}

// beside opens a page in the same browser that shares nothing with the first,
// as in somebody else's.
func (p *page) beside(url string, l look) *page {
	p.t.Helper()
	return visitAt(p.t, p.ctx, url, l, chromedp.WithNewBrowserContext(), chromedp.WithNewWindow(true))
}

func visitAt(t *testing.T, parent context.Context, url string, l look, options ...chromedp.ContextOption) *page {
	t.Helper()
	p := &page{t: t}
	p.ctx, _ = chromedp.NewContext(parent, append(options, chromedp.WithListener(p.listen))...)
	require.NoError(t, chromedp.Do(p.ctx), "start Chromium")
	t.Cleanup(p.close)
	p.show(l)
	require.NoError(t, chromedp.Do(p.ctx, chromedp.Navigate(url)))
	return p
}

// chromium finds the browser. Without one the test fails: a page that nobody
// has looked at is not tested.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("The tests of the studio need Chromium: run make testtools or install the package chromium.")
	return ""
}

func (p *page) close() {
	p.mu.Lock()
	for _, problem := range p.problems {
		if !slices.ContainsFunc(p.expected, func(part string) bool { return strings.Contains(problem, part) }) {
			p.t.Errorf("the console of the browser shows: %s", problem)
		}
	}
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	if err := chromedp.Cancel(ctx); err != nil {
		p.t.Logf("close Chromium: %v", err)
	}
}

// expect lets the console show errors that contain one of the texts.
func (p *page) expect(texts ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = append(p.expected, texts...)
}

// listen is called for every event of the tab.
func (p *page) listen(event any) {
	var problem string
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Source == log.EntrySourceSecurity {
			problem = fmt.Sprintf("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventExceptionThrown:
		problem = "exception: " + e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			problem += " " + e.ExceptionDetails.Exception.Description
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			problem = "console:"
			for _, arg := range e.Args {
				problem += " " + string(arg.Value) + arg.Description
			}
		}
	}
	if problem != "" {
		p.mu.Lock()
		p.problems = append(p.problems, problem)
		p.mu.Unlock()
	}
}

// show sets the language, the colour scheme and the width.
func (p *page) show(l look) {
	p.t.Helper()
	if l.lang != "" {
		agent := eval[string](p, "navigator.userAgent")
		_, err := chromedp.Call(p.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: l.lang})
		require.NoError(p.t, err)
	}
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: l.scheme},
	}})
	require.NoError(p.t, err)
	width := max(l.width, 360)
	_, err = chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: 900, DeviceScaleFactor: 1, Mobile: width < 500,
	})
	require.NoError(p.t, err)
}

// eval returns the value of a JavaScript expression, awaited if need be.
func eval[T any](p *page, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(p.t, err, expression)
	return value
}

// until waits for a JavaScript expression to become true. A page that is being
// loaded has no answer yet.
func (p *page) until(what, expression string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")")); err == nil && is {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			require.FailNow(p.t, "never came true: "+what, eval[string](p, "document.body.innerText"))
		}
	}
}

// element is JavaScript for the first visible element of a kind whose name, for
// people who see it or hear it, contains a text.
func element(css, name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%q)].find((e) => e.checkVisibility() &&
		((e.getAttribute("aria-label") ?? "") + " " + e.innerText).includes(%q))`, css, name)
}

// sees waits until a text is on the page.
func (p *page) sees(text string) {
	p.t.Helper()
	p.until("the page shows "+text, fmt.Sprintf("document.body.innerText.includes(%q)", text))
}

// click presses a button or link with the mouse.
func (p *page) click(name string) {
	p.t.Helper()
	target := element("button, a, summary", name)
	p.until("there is a button "+name, target)
	at := eval[struct{ X, Y float64 }](p, fmt.Sprintf(whereItStands, target))
	for _, kind := range []input.DispatchMouseEventType{chromedp.MousePressed, chromedp.MouseReleased} {
		_, err := chromedp.Call(p.ctx, input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: kind, X: at.X, Y: at.Y, Button: input.MouseButtonLeft, ClickCount: 1,
		})
		require.NoError(p.t, err)
	}
}

// whereItStands is JavaScript for the middle of an element, once it has stopped
// moving: a mouse that aims at where it was misses.
const whereItStands = `(async () => {
	for (let last = {}; ; ) {
		const e = %s;
		e?.scrollIntoView({block: "center", behavior: "instant"});
		const r = e?.getBoundingClientRect();
		if (r && r.x === last.x && r.y === last.y && r.width === last.width) return {X: r.x + r.width / 2, Y: r.y + r.height / 2};
		last = r ?? {};
		await new Promise((done) => setTimeout(done, 50));
	}
})()`

// fill replaces what a field holds, as if it had been pasted.
func (p *page) fill(css, text string) {
	p.t.Helper()
	control := fmt.Sprintf("document.querySelector(%q)", css)
	p.until("there is a field "+css, control)
	eval[bool](p, "(() => { const e = "+control+"; e.focus(); e.select?.(); return true; })()")
	_, err := chromedp.Call(p.ctx, input.InsertText, input.InsertTextParams{Text: text})
	require.NoError(p.t, err)
}
