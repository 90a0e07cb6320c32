package admin

import "slices"

// Preview tells what a change of many jobs would do.
type Preview struct {
	Jobs     int       `json:"jobs"`
	Ending   int       `json:"endingAtOnce"` // when cancelling: the others are left to their workers
	Limited  bool      `json:"limited"`      // by Max: there may be more
	Groups   []Group   `json:"groups"`
	Examples []Example `json:"examples"` // the first ones
}

// Group is how many of the jobs have a kind and a state.
type Group struct {
	Kind  string `json:"kind"`
	State string `json:"state"`
	Jobs  int    `json:"jobs"`
}

// Example is one of the jobs.
type Example struct {
	ID        int64   `json:"id"`
	Kind      string  `json:"kind"`
	State     string  `json:"state"`
	Key       *string `json:"key"`
	LastError *string `json:"lastError"`
}

const maxExamples = 5

// filled is p with [] for nothing in JSON.
func (p Preview) filled() Preview {
	p.Groups = append([]Group{}, p.Groups...)
	p.Examples = append([]Example{}, p.Examples...)
	return p
}

// add counts a job.
func (p *Preview) add(job Example, ending bool) {
	p.Jobs++
	if ending {
		p.Ending++
	}
	if len(p.Examples) < maxExamples {
		p.Examples = append(p.Examples, job)
	}
	i := slices.IndexFunc(p.Groups, func(g Group) bool { return g.Kind == job.Kind && g.State == job.State })
	if i < 0 {
		i = len(p.Groups)
		p.Groups = append(p.Groups, Group{Kind: job.Kind, State: job.State})
	}
	p.Groups[i].Jobs++
}
