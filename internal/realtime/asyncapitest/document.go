package asyncapitest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed testdata/asyncapi/3.0.0.json
var specification []byte

// address is what the document is called while its schemas are compiled.
// Nothing is fetched.
const address = "https://asyncapi.invalid/document.json"

// Document is an AsyncAPI document whose schemas are read strictly: an object
// may have no fields but those that are described.
type Document struct {
	root     *document
	payloads map[string]*jsonschema.Schema // of components.messages, by key
	byType   map[string][]string           // keys of messages from the server, by the type of their frames
}

// document is the part of a document that is looked at here.
type document struct {
	Operations map[string]struct {
		Action   string
		Channel  reference
		Messages []reference
		Reply    struct{ Messages []reference }
	}
	Channels   map[string]struct{ Messages map[string]reference }
	Components struct {
		Messages map[string]struct {
			Payload struct {
				Properties struct{ Type struct{ Const string } }
			}
			Examples []struct{ Payload json.RawMessage }
		}
		Schemas struct {
			Error struct {
				Codes map[string]string `json:"x-codes"`
			}
		}
	}
}

type reference struct {
	Ref string `json:"$ref"`
}

// Parse reads a document. Anything goes where a schema of the loose names is
// asked for.
func Parse(raw []byte, loose ...string) (*Document, error) {
	d := &Document{root: new(document), payloads: make(map[string]*jsonschema.Schema)}
	if err := json.Unmarshal(raw, d.root); err != nil {
		return nil, err
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	if err := tighten(tree, loose); err != nil {
		return nil, err
	}
	compiler := newCompiler()
	if err := compiler.AddResource(address, tree); err != nil {
		return nil, err
	}
	for key := range d.root.Components.Messages {
		if d.payloads[key], err = compiler.Compile(address + "#/components/messages/" + key + "/payload"); err != nil {
			return nil, err
		}
	}
	d.byType, err = d.typesOf(d.fromServer())
	return d, err
}

func newCompiler() *jsonschema.Compiler {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	c.AssertFormat()
	return c
}

// tighten makes the schemas of a document strict, and those of the loose names
// indifferent.
func tighten(tree any, loose []string) error {
	components, _ := tree.(map[string]any)["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	for _, name := range loose {
		if _, ok := schemas[name]; !ok {
			return fmt.Errorf("there is no schema %s", name)
		}
		schemas[name] = true
	}
	forbidMore(components)
	return nil
}

func forbidMore(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, ok := v["properties"].(map[string]any); ok && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
		for _, child := range v {
			forbidMore(child)
		}
	case []any:
		for _, child := range v {
			forbidMore(child)
		}
	}
}

// Validate checks a document against the specification.
func Validate(raw []byte) error {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(specification))
	if err != nil {
		return err
	}
	compiler := newCompiler()
	if err := compiler.AddResource("http://asyncapi.com/definitions/3.0.0/asyncapi.json", schema); err != nil {
		return err
	}
	compiled, err := compiler.Compile("http://asyncapi.com/definitions/3.0.0/asyncapi.json")
	if err != nil {
		return err
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return compiled.Validate(tree)
}

// CheckExamples checks the examples of all messages; each has one.
func (d *Document) CheckExamples() error {
	var problems []error
	for key, m := range d.root.Components.Messages {
		if len(m.Examples) == 0 {
			problems = append(problems, fmt.Errorf("%s has no example", key))
		}
		for _, e := range m.Examples {
			if err := d.check(key, e.Payload); err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", key, err))
			}
		}
	}
	return errors.Join(problems...)
}

func (d *Document) check(key string, payload []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		return err
	}
	return d.payloads[key].Validate(value)
}

// CheckFrame checks a frame that the server sent: it must be one of the
// messages of its type. It returns ErrUnknownType for a type that no message has.
func (d *Document) CheckFrame(frame []byte) error {
	var head struct{ Type string }
	if err := json.Unmarshal(frame, &head); err != nil {
		return err
	}
	keys := d.byType[head.Type]
	if len(keys) == 0 {
		return fmt.Errorf("%w: %s", ErrUnknownType, frame)
	}
	var problems []error
	for _, key := range keys {
		err := d.check(key, frame)
		if err == nil {
			return nil
		}
		problems = append(problems, err)
	}
	return fmt.Errorf("%s: %w", frame, errors.Join(problems...))
}

// ErrUnknownType means that the document has no message of a type.
var ErrUnknownType = errors.New("no such message in the document")

// CheckMessage checks what was sent against the message of a key.
func (d *Document) CheckMessage(key string, payload []byte) error {
	if d.payloads[key] == nil {
		return fmt.Errorf("there is no message %s", key)
	}
	if err := d.check(key, payload); err != nil {
		return fmt.Errorf("%s: %w", payload, err)
	}
	return nil
}

// ServerTypes lists the types of frames from the server.
func (d *Document) ServerTypes() []string { return slices.Sorted(maps.Keys(d.byType)) }

// ErrorCodes gives the codes of errors with what they mean.
func (d *Document) ErrorCodes() map[string]string { return d.root.Components.Schemas.Error.Codes }
