package crowd

// Request is what the benchmark asks a crowd to do.
type Request struct {
	Op string `json:"op"`

	// Connect:
	Dialect string   `json:"dialect,omitempty"` // "son1k" or "socketio"
	Ports   []int    `json:"ports,omitempty"`   // of the replicas; client i connects to Ports[i % len(Ports)]
	Count   int      `json:"count,omitempty"`   // clients, or events
	Tokens  []string `json:"tokens,omitempty"`  // client i has Tokens[i % len(Tokens)]
	Topic   string   `json:"topic,omitempty"`   // of a room, to follow beside one's own
	AtOnce  int      `json:"at_once,omitempty"` // connections being made

	// Expect: client i shall get event n if n % Groups == i % Groups.
	Groups int `json:"groups,omitempty"`

	// Collect:
	Sent     []int64 `json:"sent,omitempty"`     // when the events were published
	Skip     float64 `json:"skip,omitempty"`     // share of the events whose times do not count
	Patience float64 `json:"patience,omitempty"` // seconds to wait for what is missing
}

// The operations.
const (
	// Connect opens connections and waits until all have joined: Seconds, P99.
	Connect = "connect"
	// Census fails if connections have ended.
	Census = "census"
	// Expect says which events will be published.
	Expect = "expect"
	// Collect waits for the events and tells of them: P50, P99, Arrived, Lost,
	// Twice, Disordered.
	Collect = "collect"
)

// Reply is a crowd's answer.
type Reply struct {
	Seconds    float64 `json:"seconds,omitempty"`
	P50        float64 `json:"p50,omitempty"` // ms
	P99        float64 `json:"p99,omitempty"` // ms
	Arrived    int     `json:"arrived,omitempty"`
	Lost       int     `json:"lost,omitempty"`
	Twice      int     `json:"twice,omitempty"`
	Disordered int     `json:"disordered,omitempty"` // came after one with a higher number
	Gone       int     `json:"gone,omitempty"`       // connections that have ended
}
