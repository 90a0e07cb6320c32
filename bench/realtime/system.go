package realtime

import "son1k/bench/score"

// system is a realtime layer to measure.
type system struct {
	name  string
	peer  bool // it is node/realtime.js with an adapter, otherwise bin/son1k
	redis bool // its replicas meet in Redis, otherwise in Postgres

	about score.About
}

func allSystems() []*system {
	return []*system{
		{name: score.Self},
		{name: "socketio-redis", peer: true, redis: true},
		{name: "socketio-postgres", peer: true},
	}
}

// dialect is what its clients speak.
func (s *system) dialect() string {
	if s.peer {
		return "socketio"
	}
	return "son1k"
}

// template is the database with the system's schema.
func (s *system) template() string { return database + "_template_" + s.name }
