package publisher

// Request is what the benchmark asks a publisher to do. A publisher of another
// system, node/realtime.js, does the same. The event with number n is about
// Topics[n % len(Topics)].
type Request struct {
	Op      string   `json:"op"`
	Topics  []string `json:"topics,omitempty"`
	Count   int      `json:"count,omitempty"`   // events
	Rate    float64  `json:"rate,omitempty"`    // events a second, over all topics
	Seconds float64  `json:"seconds,omitempty"` // to write for
	Clients int      `json:"clients,omitempty"` // that write at once
	Events  bool     `json:"events,omitempty"`  // whether writes tell of themselves
}

// The operations.
const (
	// Describe answers with Version and Config.
	Describe = "describe"
	// Setup makes what the system needs in its database.
	Setup = "setup"
	// Listen starts a replica, for systems that are replicas themselves: Port.
	Listen = "listen"
	// Ready waits until the replica knows of as many as Count, itself included.
	Ready = "ready"
	// Ephemeral publishes events that are not kept, when they are due whatever
	// happens to them: Sent.
	Ephemeral = "ephemeral"
	// Durable publishes events that are kept: Sent, when they were committed.
	Durable = "durable"
	// Write commits small transactions from Clients at once for Seconds: Commits.
	Write = "write"
)

// Reply is a publisher's answer. Times are those of package clock.
type Reply struct {
	Version string  `json:"version,omitempty"`
	Config  string  `json:"config,omitempty"`
	Port    int     `json:"port,omitempty"`
	Sent    []int64 `json:"sent,omitempty"` // when publishing of each event began
	Commits int     `json:"commits,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
}
