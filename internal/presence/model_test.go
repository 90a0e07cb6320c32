package presence_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/presence"
)

// However people come and go, and whatever becomes of the replicas: the table
// says who is where, each who comes is announced once, and each who goes once,
// also if it all happens at the same time. Only who leaves a replica that has
// been swept away meanwhile goes a second time.
func TestModelOfPresence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	slots := make([]*slot, 3)
	for i := range slots {
		slots[i] = &slot{wire: new(wire)}
		pool := open(t, w.dsn, slots[i].wire, new(statements))
		slots[i].make = func() *replica {
			r := &replica{wire: slots[i].wire, Tracker: presence.NewTracker(pool, quiet(), w.changed)}
			r.Hurry(beat, silence, never, retry)
			return r
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{world: w, t: t, slots: slots, announced: make(map[place][2]int)}
		defer m.end()
		m.begin()
		rt.Repeat(map[string]func(*rapid.T){
			"enter": m.enter,
			"exit":  m.exit,
			"burst": m.burst,
			"kill":  func(rt *rapid.T) { m.down(rt, (*replica).kill) },
			"stop":  func(rt *rapid.T) { m.down(rt, func(r *replica) { r.Stop() }) },
			"nap":   m.nap,
			"bury":  func(*rapid.T) { m.buryAll(); m.expect() },
			"start": m.start,
			"":      m.check,
		})
		m.buryAll()
		m.expect()
		m.check(rt)
	})
}

type place struct{ scope, subject string }

// slot is where one replica runs after the other.
type slot struct {
	*wire
	make func() *replica
	*incarnation
}

// incarnation is a replica and who is there.
type incarnation struct {
	*replica
	held map[place]int
}

type model struct {
	*world
	t         *testing.T
	slots     []*slot
	gone      []*incarnation   // not yet swept away
	here      map[place]bool   // who was announced last
	announced map[place][2]int // how often each has gone and come
}

func (m *model) begin() {
	exec(m.t, m.pool, "TRUNCATE events.replica, events.presence")
	m.forget()
	for _, s := range m.slots {
		m.launch(s)
	}
}

func (m *model) launch(s *slot) {
	s.mend()
	s.incarnation = &incarnation{s.make(), make(map[place]int)}
	require.NoError(m.t, s.Start(m.t.Context()))
	<-s.Started()
}

func (m *model) end() {
	for _, s := range m.live() {
		s.kill()
		s.incarnation = nil
	}
}

func (m *model) live() []*slot {
	return slices.DeleteFunc(slices.Clone(m.slots), func(s *slot) bool { return s.incarnation == nil })
}

func places() (all []place) {
	for room := range 2 {
		for member := range 3 {
			all = append(all, place{fmt.Sprint("room ", room), who(member)})
		}
	}
	return all
}

func drawPlace(rt *rapid.T) place { return rapid.SampledFrom(places()).Draw(rt, "place") }

func (i *incarnation) move(ctx context.Context, p place, in bool) error {
	if in {
		i.held[p]++
		return i.Enter(ctx, p.scope, p.subject, info(p.subject))
	}
	if i.held[p]--; i.held[p] == 0 {
		delete(i.held, p)
	}
	i.Exit(p.scope, p.subject, false)
	return nil
}

func (m *model) enter(rt *rapid.T) {
	s, p := rapid.SampledFrom(m.live()).Draw(rt, "where"), drawPlace(rt)
	require.NoError(m.t, s.move(m.t.Context(), p, true))
	m.expect()
}

func (m *model) exit(rt *rapid.T) {
	s := rapid.SampledFrom(m.live()).Draw(rt, "where")
	if p, ok := s.someone(rt); ok {
		require.NoError(m.t, s.move(m.t.Context(), p, false))
		m.expect()
	}
}

func (i *incarnation) someone(rt *rapid.T) (place, bool) {
	here := slices.DeleteFunc(places(), func(p place) bool { return i.held[p] == 0 })
	if len(here) == 0 {
		return place{}, false
	}
	return rapid.SampledFrom(here).Draw(rt, "who"), true
}

// burst lets everybody do a lot at the same time, while the dead are swept away.
func (m *model) burst(rt *rapid.T) {
	live := m.live()
	before, always := m.counts(), make(map[place]bool)
	steps := make([][]place, len(live))
	for i := range live {
		steps[i] = rapid.SliceOfN(rapid.Custom(drawPlace), 0, 8).Draw(rt, "steps")
	}
	for _, p := range places() {
		for i, s := range live {
			always[p] = always[p] || s.held[p] > 0 && !slices.Contains(steps[i], p)
		}
	}
	for _, g := range m.gone {
		m.age(m.t, g.replica)
	}
	var busy sync.WaitGroup
	for i, s := range live {
		busy.Go(func() {
			for _, p := range steps[i] {
				if err := s.move(m.t.Context(), p, s.held[p] == 0); err != nil {
					m.t.Error(err)
				}
			}
		})
	}
	busy.Wait()
	m.buryAll()
	m.settle(rt, before, always)
}

// settle takes over what was announced in a burst, if it can have been: as many
// have come as have not gone, and nobody who was there throughout.
func (m *model) settle(rt *rapid.T, before map[place][2]int, always map[place]bool) {
	now := m.present()
	fits := func() bool {
		after := m.counts()
		for _, p := range places() {
			come, gone := after[p][1]-before[p][1], after[p][0]-before[p][0]
			if come-gone != b2i(now[p])-b2i(m.here[p]) || always[p] && come+gone > 0 {
				return false
			}
		}
		return true
	}
	for deadline := time.Now().Add(patient); !fits(); time.Sleep(pollEach) {
		if time.Now().After(deadline) {
			rt.Fatalf("%v were there, %v throughout, and are %v: announced %v, then %v", m.here, always, now, before, m.counts())
		}
	}
	m.here, m.announced = now, m.counts()
}

func (m *model) down(rt *rapid.T, how func(*replica)) {
	live := m.live()
	if len(live) == 1 {
		rt.Skip()
	}
	s := rapid.SampledFrom(live).Draw(rt, "which")
	how(s.replica)
	m.gone = append(m.gone, s.incarnation)
	s.incarnation = nil
	m.expect()
}

func (m *model) start(rt *rapid.T) {
	for _, s := range m.slots {
		if s.incarnation == nil {
			m.launch(s)
			return
		}
	}
	rt.Skip()
}

func (m *model) buryAll() {
	for _, g := range m.gone {
		m.bury(m.t, g.replica)
	}
	m.gone = nil
}

// nap cuts a replica off until it is taken for dead, while people come and go,
// and lets it return.
func (m *model) nap(rt *rapid.T) {
	live := m.live()
	if len(live) == 1 || rapid.IntRange(0, 2).Draw(rt, "really") > 0 {
		rt.Skip()
	}
	s := rapid.SampledFrom(live).Draw(rt, "which")
	s.sever()
	m.bury(m.t, s.replica)
	sleeper := s.incarnation
	s.incarnation = nil // as far as the others can see
	m.expect()
	m.check(rt)
	left := make(map[place]bool)
	for range rapid.IntRange(0, 3).Draw(rt, "leaving") {
		if p, ok := sleeper.someone(rt); ok {
			require.NoError(m.t, sleeper.move(m.t.Context(), p, false))
			left[p] = sleeper.held[p] == 0
		}
	}
	m.enter(rt)
	m.check(rt)
	for p, away := range left {
		if away && !m.present()[p] {
			m.add(p, false)
		}
	}
	s.incarnation = sleeper
	m.expect()
	s.mend()
	require.Eventually(m.t, func() bool { return m.registered(m.t, s.replica) }, patient, pollEach)
}

// present is who is anywhere, as far as the table can tell.
func (m *model) present() map[place]bool {
	found := make(map[place]bool)
	for _, i := range m.incarnations() {
		for p := range i.held {
			found[p] = true
		}
	}
	return found
}

func (m *model) incarnations() []*incarnation {
	all := slices.Clone(m.gone)
	for _, s := range m.live() {
		all = append(all, s.incarnation)
	}
	return all
}

// expect adds to what must have been announced: who is here now, or no more.
func (m *model) expect() {
	now := m.present()
	for p := range now {
		if !m.here[p] {
			m.add(p, true)
		}
	}
	for p := range m.here {
		if !now[p] {
			m.add(p, false)
		}
	}
	m.here = now
}

func (m *model) add(p place, in bool) {
	n := m.announced[p]
	n[b2i(in)]++
	m.announced[p] = n
}

// check waits for the table and the announcements to be those of the model.
func (m *model) check(rt *rapid.T) {
	var want []row
	for _, i := range m.incarnations() {
		for p, n := range i.held {
			want = append(want, i.row(p.scope, p.subject, n))
		}
	}
	m.requireRows(m.t, want...)
	for deadline := time.Now().Add(patient); !maps.Equal(m.announced, m.counts()); time.Sleep(pollEach) {
		if time.Now().After(deadline) {
			rt.Fatalf("announced %v, not %v", m.counts(), m.announced)
		}
	}
}

// counts is how often each has gone and come.
func (m *model) counts() map[place][2]int {
	found := make(map[place][2]int)
	for _, c := range m.world.announced() {
		p := place{c.Scope, c.Subject}
		n := found[p]
		n[b2i(c.Here)]++
		found[p] = n
		require.Equal(m.t, string(info(c.Subject)), string(c.Info))
	}
	return found
}
