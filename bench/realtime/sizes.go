package realtime

import "time"

const (
	eventRate  = 500 // a second, over all topics
	topicCount = 50
	followers  = 100 // of the topics, two of each
	fanoutRate = 20
	writers    = 16
	atOnce     = 200 // connections being made, but for the storm

	warmUp = 0.2 // share of the events at the start whose times do not count
)

// sizes are how much of everything is measured.
type sizes struct {
	events   time.Duration // how long they are published for
	fanout   time.Duration
	few      int // clients of a room
	many     int
	idle     int           // connections
	settle   time.Duration // before their memory is looked at
	storm    int           // clients
	write    time.Duration // of each of the phases
	phases   int           // with, and as many without events
	accounts int
	patience time.Duration // with events that have not come
	timeout  time.Duration
}

func fullSizes() sizes {
	return sizes{
		events: 10 * time.Second, fanout: 10 * time.Second, few: 500, many: 5_000,
		idle: 15_000, settle: 30 * time.Second, storm: 2_000,
		write: 3 * time.Second, phases: 3, accounts: 15_000, patience: 60 * time.Second, timeout: 5 * time.Minute,
	}
}

// quickSizes give figures of no great precision in a minute.
func quickSizes() sizes {
	return sizes{
		events: time.Second, fanout: time.Second, few: 100, many: 500,
		idle: 500, settle: time.Second, storm: 200,
		write: 300 * time.Millisecond, phases: 2, accounts: 500, patience: 5 * time.Second, timeout: 30 * time.Second,
	}
}
