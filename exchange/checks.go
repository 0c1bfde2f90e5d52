package exchange

// CheckArguments returns an *amqp.Error if an exchange of its type, in a virtual
// host of that name, cannot have its arguments.
func CheckArguments(vhost string, x *Exchange) error {
	if err := CheckDelayed(x.Type, x.Arguments); err != nil {
		return err
	}
	switch x.Routing() {
	case ConsistentHash:
		return checkHashArguments(vhost, x)
	}
	return nil
}

// checkBinding returns an *amqp.Error if an exchange of the type cannot have the
// binding.
func checkBinding(typ string, b *Binding) error {
	switch typ {
	case "headers":
		return checkMatch(b.Arguments)
	case ConsistentHash:
		return checkWeight(b.Key)
	case LocalRandom:
		return checkLocalBinding(b)
	}
	return nil
}
