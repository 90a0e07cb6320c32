package browsertest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const (
	said   = `[...document.querySelectorAll(".message:not(.is-waiting) .message-text")].map((e) => e.innerText)`
	online = `!document.querySelector("#offline")`
)

// say writes in the chat and sends it with the keyboard.
func (p *page) say(text string) {
	p.t.Helper()
	p.fill("#say", text)
	p.enter()
}

// enter presses Enter as a keyboard does: if the page takes the key, nothing is
// typed.
func (p *page) enter() {
	p.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
		_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{
			Type: kind, Key: "Enter", Code: "Enter", Text: "\r", WindowsVirtualKeyCode: 13,
		})
		require.NoError(p.t, err)
	}
}

// here waits until these and nobody else are shown to be in the room.
func (p *page) here(names ...string) {
	p.t.Helper()
	slices.Sort(names)
	p.until(fmt.Sprint("who is here: ", names), fmt.Sprintf(`[...document.querySelectorAll(".is-here .person-name")].map((e) => e.firstChild.textContent.trim()).sort().join() === %q`, join(names)))
}

func join(names []string) (all string) {
	for i, name := range names {
		if i > 0 {
			all += ","
		}
		all += name
	}
	return all
}

// reads waits until exactly these messages are in the chat, in this order.
func (p *page) reads(texts ...string) {
	p.t.Helper()
	p.until(fmt.Sprint("the chat reads ", texts), fmt.Sprintf(`JSON.stringify(%s) === %q`, said, jsonOf(texts)))
}

func jsonOf(texts []string) string {
	all := "["
	for i, text := range texts {
		if i > 0 {
			all += ","
		}
		all += fmt.Sprintf("%q", text)
	}
	return all + "]"
}

// meet opens a room of ana's and has ben accept the invitation to it, each on
// the page of another replica.
func meet(ana, ben *page, s *site) {
	ana.t.Helper()
	ana.register("ana")
	ben.register("ben")
	s.promote("PREMIUM")
	for _, p := range []*page{ana, ben} {
		require.NoError(p.t, chromedp.Do(p.ctx, chromedp.Reload()))
		p.sees("Nothing here yet")
		p.click("Rooms")
	}
	ana.fill("[name=name]", "The night shift")
	ana.click("Open the room")
	ana.sees("Nobody has said anything yet")
	ana.here("ana")
	ana.fill("[name=username]", "ben")
	ana.click("Invite")
	ana.sees("ben is invited")
	ben.sees("ana invites you")
	ben.click("Accept")
	ben.here("ana", "ben")
	ana.here("ana", "ben")
	ana.sees("ben joined the room")
}

// call is JavaScript for a function that calls the API of rooms as who is
// signed in.
const call = `globalThis.call = (method, path, body) => fetch("/api/collaboration/" + path, {method, body: body && JSON.stringify(body), headers: {
	"Content-Type": "application/json", Authorization: "Bearer " + JSON.parse(localStorage["son1k.session"]).accessToken}}).then((r) => r.status === 204 ? null : r.json());
`

func TestOlderMessagesAndTheEndOfARoom(t *testing.T) {
	t.Parallel()
	s := setup(t, "0", nil)
	ana := open(t, s.url, look{width: 1280})
	ben := ana.beside(s.url, look{lang: "es-CO", width: 360})
	ana.register("ana")
	ben.click("Crear una cuenta")
	ben.fill("[name=email]", "ben@example.com")
	ben.fill("[name=username]", "ben")
	ben.fill("[name=password]", "correct horse battery")
	ben.click("Crear una cuenta")
	ben.sees("Aún no hay nada")
	ben.expect("404 (Not Found)")
	ben.click("Salas")
	ben.sees("Con FREE puedes unirte a salas")
	s.promote("PREMIUM")
	room := eval[string](ana, call+`call("POST", "rooms", {name: "Open doors", isPublic: true}).then((r) => r.data.id)`)
	eval[any](ana, fmt.Sprintf(`(async () => { for (let i = 1; i <= 60; i++) await call("POST", "rooms/%s/messages", {message: "message " + i}); })()`, room))

	t.Log("somebody finds the room and joins it")
	eval[any](ben, "location.hash = '#/rooms/"+room+"'")
	ben.sees("No eres miembro de esta sala")
	ben.sees("Open doors")
	ben.click("Unirse")
	ben.sees("message 60")
	require.Equal(t, 50, eval[int](ben, said+".length"))
	require.True(t, eval[bool](ben, `(() => { const l = document.querySelector(".log"); return l.scrollHeight - l.scrollTop - l.clientHeight < 2; })()`), "the newest are shown")

	t.Log("earlier messages come above what is being read")
	eval[any](ben, `document.querySelector(".log").scrollTop = 0`)
	ben.click("Mensajes anteriores")
	ben.until("all are there", said+".length === 60")
	require.Equal(t, "message 1", eval[string](ben, said+"[0]"))
	require.True(t, eval[bool](ben, `document.querySelector(".log").scrollTop > 100`), "it stays where it was")
	ana.click("Rooms")
	ana.click("Open doors")
	ana.sees("message 60")
	ana.say("do you read me?")
	ben.sees("1 mensaje nuevo")
	ben.until("a screen reader is told", `document.querySelector("body > #app > .unseen[aria-live]").innerText.includes("ana: do you read me?")`)
	ben.click("1 mensaje nuevo")
	ben.until("the newest are shown", `(() => { const l = document.querySelector(".log"); return l.scrollHeight - l.scrollTop - l.clientHeight < 2; })()`)
	require.LessOrEqual(t, eval[int](ben, "document.documentElement.scrollWidth"), 360, "nothing sticks out")

	t.Log("what the server refuses is kept")
	ana.say("   ")
	ana.say("still here")
	ben.sees("still here")
	require.NotContains(t, eval[[]string](ana, said), "")

	t.Log("ben is removed, comes back, and the room is deleted")
	ana.click("Options for ben")
	ana.click("Remove from the room")
	ben.sees("Esta sala ya no está a tu alcance")
	ana.here("ana")
	ben.click("Todas las salas")
	ben.click("Open doors")
	ben.click("Unirse")
	ben.sees("still here")
	ana.here("ana", "ben")
	ana.click("Delete")
	ana.click("Yes, delete")
	ana.sees("You are in no room yet")
	ben.sees("Esta sala ya no está a tu alcance")
	ben.click("Todas las salas")
	ben.sees("No hay otra sala abierta")
}

// A message whose answer was lost is neither lost nor said twice.
func TestAMessageOnItsWayWhenTheConnectionIsLost(t *testing.T) {
	t.Parallel()
	s := setup(t, "0", nil)
	p := visit(t, s, look{width: 1280})
	s.promote("PREMIUM")
	eval[any](p, call+`call("POST", "rooms", {name: "x"}).then((r) => { location.hash = "#/rooms/" + r.data.id; })`)
	p.sees("Nobody has said anything yet")
	// The next message gets lost on its way there, or its answer on the way back.
	eval[any](p, `(() => {
		const send = WebSocket.prototype.send;
		globalThis.losing = "";
		WebSocket.prototype.send = function (text) {
			if (!losing || !text.includes("collaboration_message")) return send.call(this, text);
			if (losing === "answer") send.call(this, text);
			this.onmessage = null;
			losing = "";
			setTimeout(() => this.close(), 300);
		};
	})()`)

	eval[any](p, `losing = "answer"`)
	p.say("said once")
	p.reads("said once")
	p.until("it is known to have arrived", `!document.querySelector(".is-waiting")`)

	eval[any](p, `losing = "message"`)
	p.say("said once")
	p.sees("It may not have arrived.")
	p.reads("said once")
	p.click("Send again")
	p.reads("said once", "said once")
	p.until("it has arrived", `!document.querySelector(".is-waiting")`)
}

// When the log no longer has what was missed, the room is read anew.
func TestARoomWhoseHistoryIsGone(t *testing.T) {
	t.Parallel()
	s := setup(t, "0", nil)
	way := between(t, s)
	p := open(t, way.url, look{width: 1280})
	p.expect("ERR_", "WebSocket connection")
	p.register("ana")
	s.promote("PREMIUM")
	room := eval[string](p, call+`call("POST", "rooms", {name: "x"}).then((r) => { location.hash = "#/rooms/" + r.data.id; return r.data.id; })`)
	p.sees("Nobody has said anything yet")
	p.say("before")
	p.reads("before")
	token := eval[string](p, `JSON.parse(localStorage["son1k.session"]).accessToken`)
	way.cut()
	p.sees("Connection lost")
	p.say("waiting")
	for _, text := range []string{"one", "two"} {
		s.post(token, "/api/collaboration/rooms/"+room+"/messages", map[string]string{"message": text})
	}
	s.exec("DELETE FROM events.log")
	way.mend()
	p.sees("Some of it was loaded anew")
	p.reads("before", "one", "two", "waiting")
}

func TestTwoPeopleInOneRoomThroughTwoReplicas(t *testing.T) {
	t.Parallel()
	s := setup(t, "2", nil)
	other := s.beside()
	way := between(t, other)
	ana := open(t, s.url, look{width: 1280})
	ben := ana.beside(way.url, look{width: 1280})
	for _, p := range []*page{ana, ben} {
		p.expect("ERR_", "WebSocket connection", "503")
	}
	meet(ana, ben, s)

	t.Log("they talk")
	ana.say("Hello <b>ben</b>")
	ben.reads("Hello <b>ben</b>")
	ben.say("Hello ana")
	ana.reads("Hello <b>ben</b>", "Hello ana")
	ben.fill("#say", "I was thinking")
	ana.sees("ben is typing…")
	ana.until("typing ends by itself", `!document.querySelector(".typing").innerText`)

	t.Log("a song in the making is shown to the room")
	ana.click("Studio")
	ana.ask("A lighthouse in a storm", 10)
	ben.until("progress shows", `document.querySelector(".making")?.innerText.includes("ana") && Number(document.querySelector(".making [role=progressbar]").getAttribute("aria-valuenow")) > 0`)
	ben.sees("has finished a song")
	ana.click("Rooms")
	ana.click("The night shift")

	t.Log("ben loses the connection for a while; both go on writing")
	way.cut()
	ben.sees("Connection lost")
	require.Equal(t, "I was thinking", eval[string](ben, `document.querySelector("#say").value`), "what was being written is kept")
	ben.say("are you there?")
	ben.sees("Will be sent once connected")
	ana.say("one")
	ana.say("two")
	ana.reads("Hello <b>ben</b>", "Hello ana", "one", "two")
	way.mend()
	ben.sees("Nothing was missed")
	all := []string{"Hello <b>ben</b>", "Hello ana", "one", "two", "are you there?"}
	ben.reads(all...)
	ana.reads(all...)
	ana.here("ana", "ben")

	t.Log("both servers are restarted in the middle")
	other.stop()
	ben.sees("Connection lost")
	ana.say("three")
	ana.reads(append(slices.Clone(all), "three")...) // else it might be on its way
	s.stop()
	ana.sees("Connection lost")
	ana.say("four")
	ben.say("five")
	s.start()
	other.start()
	ana.until("ana is back", online)
	ben.until("ben is back", online)
	for _, p := range []*page{ana, ben} {
		p.until("all has been said", said+".length === 8")
		require.ElementsMatch(t, append(slices.Clone(all), "three", "four", "five"), eval[[]string](p, said))
		p.here("ana", "ben")
		require.Zero(t, eval[int](p, `document.querySelectorAll(".is-waiting").length`))
	}
	require.Equal(t, eval[[]string](ana, said), eval[[]string](ben, said), "in one order")

	t.Log("the room changes hands")
	ana.click("Options for ben")
	ana.click("Hand the room over")
	ana.sees("ben owns the room now")
	ben.sees("ben owns the room now")
	ana.click("Leave")
	ana.click("Yes, leave")
	ana.sees("You are in no room yet")
	ben.sees("ana left the room")
	ben.here("ben")
}
