package vhost

import (
	"cmp"
	"slices"

	"go.uber.org/zap"
)

// policies are all policies of a vhost at one time, the user's and the
// operator's, each in the order in which they are tried. They are immutable.
type policies struct {
	of [operatorPolicy + 1][]*policy
}

func (p *policies) empty() bool { return len(p.of[userPolicy])+len(p.of[operatorPolicy]) == 0 }

// find returns the policy of that name, nil if there is none.
func (p *policies) find(kind policyKind, name string) *policy {
	for _, one := range p.of[kind] {
		if one.Name == name {
			return one
		}
	}
	return nil
}

// without returns the policies without the one of that name.
func (p *policies) without(kind policyKind, name string) *policies {
	next := *p
	next.of[kind] = slices.DeleteFunc(slices.Clone(p.of[kind]), func(one *policy) bool { return one.Name == name })
	return &next
}

// with returns the policies with one more, or another one of that name. Of those
// with the same priority the first by name is tried first.
func (p *policies) with(kind policyKind, added *policy) *policies {
	next := p.without(kind, added.Name)
	next.of[kind] = append(next.of[kind], added)
	slices.SortFunc(next.of[kind], func(a, b *policy) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Name, b.Name))
	})
	return next
}

// applied is the policies that apply to an object; either may be nil. It is
// immutable.
type applied struct{ user, operator *policy }

// matching matches objects with policies. It belongs to one goroutine. A
// policy whose pattern took too long once is left out from then on, so that it
// cannot take that long for each of many objects.
type matching struct {
	policies *policies
	log      *zap.Logger
	hopeless map[*policy]bool
}

func (v *VHost) matching(p *policies) *matching { return &matching{policies: p, log: v.log} }

// match returns what applies to an object.
func (m *matching) match(name string, what scope) applied {
	return applied{m.first(userPolicy, name, what), m.first(operatorPolicy, name, what)}
}

// first returns the first policy of its kind that matches, nil if none does.
func (m *matching) first(kind policyKind, name string, what scope) *policy {
	for _, p := range m.policies.of[kind] {
		if p.scope&what == 0 || m.hopeless[p] {
			continue
		}
		found, err := p.pattern.TryMatch(name)
		if found {
			return p
		}
		if err != nil {
			if m.hopeless == nil {
				m.hopeless = map[*policy]bool{}
			}
			m.hopeless[p] = true
			m.log.Error("the pattern of a policy took too long, the policy is not applied",
				zap.String("policy", p.Name), zap.String("to", name), zap.Error(err))
		}
	}
	return nil
}

// definition is what the policies come to together; nil if there are none. It
// must not be changed.
func (a applied) definition() map[string]any {
	switch {
	case a.user == nil && a.operator == nil:
		return nil
	case a.operator == nil:
		return a.user.Definition
	case a.user == nil:
		return a.operator.Definition
	}
	return mergeDefinitions(a.user.Definition, a.operator.Definition)
}

func mergeDefinitions(user, operator map[string]any) map[string]any {
	merged := make(map[string]any, len(user)+len(operator))
	for key, value := range user {
		merged[key] = value
	}
	for key, value := range operator {
		if of, both := user[key]; both {
			value = findPolicyKey(key).merge(of, value)
		}
		merged[key] = value
	}
	return merged
}

// alternate returns the alternate exchange that the policies give to an
// exchange, "" for none. The default exchange has none in any case.
func (m *matching) alternate(exchange string) string {
	if exchange == "" {
		return ""
	}
	name, _ := text(m.match(exchange, exchanges).definition(), "alternate-exchange")
	return name
}
