package asyncapitest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ClientTypes lists the types of frames from clients.
func (d *Document) ClientTypes() ([]string, error) {
	types, err := d.typesOf(d.fromClients())
	return slices.Sorted(maps.Keys(types)), err
}

// fromServer lists the references to the messages that operations send or reply.
func (d *Document) fromServer() (refs []reference) {
	for _, op := range d.root.Operations {
		if op.Action == "send" {
			refs = append(refs, op.Messages...)
		}
		refs = append(refs, op.Reply.Messages...)
	}
	return refs
}

func (d *Document) fromClients() (refs []reference) {
	for _, op := range d.root.Operations {
		if op.Action == "receive" {
			refs = append(refs, op.Messages...)
		}
	}
	return refs
}

// typesOf gives the keys of messages by the types of their frames. Messages
// that are no frames have none.
func (d *Document) typesOf(refs []reference) (map[string][]string, error) {
	types := make(map[string][]string)
	for _, ref := range refs {
		key, err := d.message(ref)
		if err != nil {
			return nil, err
		}
		typ := d.root.Components.Messages[key].Payload.Properties.Type.Const
		if typ != "" && !slices.Contains(types[typ], key) {
			types[typ] = append(types[typ], key)
		}
	}
	return types, nil
}

// message follows the reference of an operation by way of its channel to the key
// of a message.
func (d *Document) message(ref reference) (string, error) {
	channel, name, ok := strings.Cut(strings.TrimPrefix(ref.Ref, "#/channels/"), "/messages/")
	if !ok {
		return "", fmt.Errorf("operations refer to messages of channels, not to %q", ref.Ref)
	}
	to := d.root.Channels[channel].Messages[name].Ref
	key := strings.TrimPrefix(to, "#/components/messages/")
	if _, ok := d.root.Components.Messages[key]; !ok {
		return "", fmt.Errorf("%q leads to %q, where no message is", ref.Ref, to)
	}
	return key, nil
}

// CheckReferences checks that every message belongs to a channel, and every
// message of a channel to an operation.
func (d *Document) CheckReferences() error {
	used := make(map[string]bool)
	for _, ref := range append(d.fromServer(), d.fromClients()...) {
		if _, err := d.message(ref); err != nil {
			return err
		}
		used[ref.Ref] = true
	}
	offered := make(map[string]bool)
	for channel, c := range d.root.Channels {
		for name, to := range c.Messages {
			offered[to.Ref] = true
			if ref := "#/channels/" + channel + "/messages/" + name; !used[ref] {
				return fmt.Errorf("no operation uses %s", ref)
			}
		}
	}
	for key := range d.root.Components.Messages {
		if !offered["#/components/messages/"+key] {
			return fmt.Errorf("no channel has the message %s", key)
		}
	}
	return nil
}
