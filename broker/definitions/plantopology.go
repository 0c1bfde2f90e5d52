package definitions

import (
	"errors"
	"fmt"
	"strings"

	"github.com/lepusmq/lepus/broker/vhost"
)

// known says whether there is an exchange or a queue, or will be.
func (p *plan) known(e endpoint) bool {
	if p.planned[e] {
		return true
	}
	if v := p.vhosts[e.vhost]; v != nil && v.new {
		return e.exchange && vhost.Standard(e.name)
	}
	var err error
	if e.exchange {
		_, err = p.broker.Exchange(e.vhost, e.name)
	} else {
		_, err = p.broker.Queue(e.vhost, e.name)
	}
	return err == nil
}

// addExchange plans an exchange. One of that name is left as it is.
func (p *plan) addExchange(d *exchange) error {
	host, err := p.place(d.VHost)
	if err != nil {
		return wrong(d.Name, err)
	}
	e := endpoint{true, host, d.Name}
	if p.known(e) {
		return nil
	}
	spec := vhost.ExchangeSpec{
		Name: d.Name, Type: d.Type, Durable: d.Durable, AutoDelete: d.AutoDelete, Internal: d.Internal, Arguments: d.Arguments,
	}
	if err := p.checkName(d.Name); err != nil {
		return err
	}
	if err := vhost.CheckExchange(host, spec); err != nil {
		return wrong(d.Name, err)
	}
	p.planned[e] = true
	p.exchanges = append(p.exchanges, newExchange{host, spec})
	return nil
}

// checkName returns the error for the name of something that must have one.
func (p *plan) checkName(name string) error {
	const most = 255
	if name == "" || len(name) > most {
		return wrong(name[:min(len(name), most)], fmt.Errorf("a name has from 1 to %d bytes", most))
	}
	return nil
}

// addQueue plans a queue. One of that name is left as it is.
func (p *plan) addQueue(d *queue) error {
	host, err := p.place(d.VHost)
	if err != nil {
		return wrong(d.Name, err)
	}
	if err := p.checkName(d.Name); err != nil {
		return err
	}
	e := endpoint{false, host, d.Name}
	if p.known(e) {
		return nil
	}
	spec := vhost.QueueSpec{
		Name: d.Name, Durable: d.Durable, AutoDelete: d.AutoDelete, Arguments: withType(d),
		Generated: strings.HasPrefix(d.Name, "amq."), // once a broker has made it
	}
	if err := vhost.CheckQueue(host, spec); err != nil {
		return wrong(d.Name, err)
	}
	p.planned[e] = true
	p.queues = append(p.queues, newQueue{host, spec})
	return nil
}

func (p *plan) addBinding(d *binding) error {
	name := d.Source + " -> " + d.Destination
	host, err := p.place(d.VHost)
	if err != nil {
		return wrong(name, err)
	}
	if d.Source == "" {
		return nil // it comes with its queue
	}
	to := endpoint{d.DestinationType == toExchange, host, d.Destination}
	switch {
	case d.DestinationType != toQueue && d.DestinationType != toExchange:
		return wrong(name, fmt.Errorf("destination_type is %q, not %q or %q", d.DestinationType, toQueue, toExchange))
	case !p.known(endpoint{true, host, d.Source}):
		return wrong(name, fmt.Errorf("no exchange '%s' in vhost '%s'", d.Source, host))
	case !p.known(to):
		return wrong(name, fmt.Errorf("no %s '%s' in vhost '%s'", d.DestinationType, d.Destination, host))
	case len(d.RoutingKey) > 255:
		return wrong(name, errors.New("routing_key is longer than 255 bytes"))
	}
	p.bindings = append(p.bindings, newBinding{host, vhost.Binding{
		Source: d.Source, Destination: d.Destination, ToExchange: to.exchange, Key: d.RoutingKey, Arguments: d.Arguments,
	}})
	return nil
}

// checkRoom returns the error for more queues than a virtual host may have.
func (p *plan) checkRoom() error {
	more := map[string]int{}
	for i := range p.queues {
		more[p.queues[i].vhost]++
	}
	for host, n := range more {
		s, err := p.broker.VHostSettings(host)
		if v := p.vhosts[host]; v != nil {
			s, err = v.settings, nil
		}
		if err != nil || s.MaxQueues == nil || *s.MaxQueues < 0 {
			continue
		}
		names, _ := p.broker.QueueNames(host) // none if it is new
		if len(names)+n > *s.MaxQueues {
			return fmt.Errorf("queues: there would be %d in vhost '%s', of which the limit is %d", len(names)+n, host, *s.MaxQueues)
		}
	}
	return nil
}
