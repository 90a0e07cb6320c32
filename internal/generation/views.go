package generation

import (
	"encoding/json"
	"math"
	"time"

	"github.com/google/uuid"

	"son1k/internal/queries"
)

// The types of events about generations. Names and fields are a contract with
// frontends: add fields, rename none.
const (
	eventProgress  = "generation:progress"
	eventComplete  = "generation:complete"
	eventError     = "generation:error"
	eventCancelled = "generation:cancelled"
	eventDeleted   = "generation:deleted"
)

// View is a generation as its owner sees it.
type View struct {
	ID           uuid.UUID       `json:"id"`
	GenerationID uuid.UUID       `json:"generationId"` // for older clients
	Status       string          `json:"status"`
	Stage        string          `json:"stage"`
	Progress     int             `json:"progress"`
	Estimated    bool            `json:"estimated"`
	EtaSeconds   *int            `json:"etaSeconds"`
	Queue        *QueueInfo      `json:"queue"`
	Prompt       string          `json:"prompt"`
	Style        string          `json:"style"`
	Title        *string         `json:"title"`
	Lyrics       *string         `json:"lyrics"`
	Instrumental bool            `json:"instrumental"`
	Duration     float64         `json:"duration"` // seconds; of the song once there is one
	Quality      string          `json:"quality"`
	Seed         int64           `json:"seed"`
	AudioURL     *string         `json:"audioUrl"`
	AudioURLs    []string        `json:"audioUrls"`
	Peaks        []int           `json:"peaks"` // of the first clip, 0–255
	Metadata     json.RawMessage `json:"metadata"`
	Error        *Failure        `json:"error"`
	Attempt      int             `json:"attempt"`
	CreatedAt    time.Time       `json:"createdAt"`
	UpdatedAt    time.Time       `json:"updatedAt"`
	StartedAt    *time.Time      `json:"startedAt"`
	FinishedAt   *time.Time      `json:"finishedAt"`
}

// Failure says why a generation failed for good.
type Failure struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Progress is the data of a progress event.
type Progress struct {
	GenerationID  uuid.UUID `json:"generationId"`
	Progress      int       `json:"progress"`
	Status        string    `json:"status"`
	Stage         string    `json:"stage"`
	Message       string    `json:"message"`
	Estimated     bool      `json:"estimated"`
	QueuePosition *int      `json:"queuePosition"`
	EtaSeconds    *int      `json:"etaSeconds"`
	Attempt       int       `json:"attempt"`
}

func progressOf(g queries.Generation, info *QueueInfo) Progress {
	p := Progress{
		GenerationID: g.ID, Progress: int(g.Progress), Status: string(g.Status), Stage: g.Stage,
		Message: stageMessage(g.Stage), Estimated: g.Estimated, Attempt: int(g.Attempt),
	}
	if info != nil {
		p.QueuePosition, p.EtaSeconds = &info.Position, info.EtaSeconds
	}
	return p
}

// stageMessage is the stage in words, for clients that have none of their own.
func stageMessage(stage string) string {
	switch stage {
	case "queued":
		return "Waiting in the queue"
	case "submitting":
		return "Handing over to the composer"
	case "resuming":
		return "Picking up where it stopped"
	case "composing":
		return "Composing"
	case "rendering":
		return "Playing the instruments"
	case "balancing":
		return "Balancing the instruments"
	case "finished":
		return "Listening back"
	case "storing":
		return "Saving the song"
	case "retrying":
		return "Something got in the way; trying again"
	default:
		return "Working on it"
	}
}

func (s *Service) view(g queries.Generation, clips []queries.GenerationClipsRow, info *QueueInfo, now time.Time) View {
	v := View{
		ID: g.ID, GenerationID: g.ID, Status: string(g.Status), Stage: g.Stage, Progress: int(g.Progress),
		Estimated: g.Estimated, Queue: info, Prompt: g.Prompt, Style: g.Style, Title: g.Title, Lyrics: g.Lyrics,
		Instrumental: g.Instrumental, Duration: float64(g.DurationS), Quality: g.Quality, Seed: g.Seed,
		AudioURLs: []string{}, Metadata: g.Metadata, Attempt: int(g.Attempt),
		CreatedAt: g.CreatedAt.UTC(), UpdatedAt: g.UpdatedAt.UTC(), StartedAt: utc(g.StartedAt), FinishedAt: utc(g.FinishedAt),
	}
	if g.ErrorCode != nil && g.ErrorMessage != nil {
		v.Error = &Failure{Code: *g.ErrorCode, Message: *g.ErrorMessage}
	}
	if info != nil {
		v.EtaSeconds = info.EtaSeconds
	}
	if g.Status != queries.GenerationStatusCompleted {
		return v
	}
	for i, c := range clips {
		v.AudioURLs = append(v.AudioURLs, s.links.Audio(g.ID, int(c.N), now))
		if i == 0 {
			v.AudioURL = &v.AudioURLs[0]
			v.Peaks = ints(c.Peaks)
			if c.DurationMs != nil {
				v.Duration = math.Round(float64(*c.DurationMs)/10) / 100
			}
		}
	}
	return v
}

func ints(peaks []byte) []int {
	if peaks == nil {
		return nil
	}
	out := make([]int, len(peaks))
	for i, p := range peaks {
		out[i] = int(p)
	}
	return out
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// Statuses lists the statuses that a generation can have.
func Statuses() []string {
	all := queries.AllGenerationStatusValues()
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = string(s)
	}
	return names
}
