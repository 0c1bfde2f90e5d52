// Package parameter says what runtime parameters are: values that an
// administrator gives to components of the broker, such as a shovel, by virtual
// host and name. It keeps none; it has the words in which RabbitMQ refuses those
// that are wrong.
package parameter
