package service

import (
	"slices"

	"enisim.alt/store"
)

// NetworkInterfaceSettings are the parameters that an interface is created with and that can be
// changed later. A nil field stays as it is.
type NetworkInterfaceSettings struct {
	DeleteOnRelease    *bool // whether it is deleted with its instance
	SourceDestCheck    *bool
	EnablePrimaryIPv6  *bool // whether its first IPv6 address is its primary one
	QueueNumber        *int
	RxQueueSize        *int
	TxQueueSize        *int
	Traffic            TrafficConfig      `api:"NetworkInterfaceTrafficConfig"`
	ConnectionTracking ConnectionTracking `api:"ConnectionTrackingConfiguration"`
	EnhancedNetwork    EnhancedNetwork    // refused: not open to the public
}

// TrafficConfig repeats the parameters of queues. If both are set, they must be equal.
type TrafficConfig struct {
	Mode            string `api:"NetworkInterfaceTrafficMode"` // HighPerformance is RDMA
	QueueNumber     *int
	QueuePairNumber *int // of an RDMA interface
	RxQueueSize     *int
	TxQueueSize     *int
}

// ConnectionTracking are the timeouts of connections, in seconds.
type ConnectionTracking struct {
	TCPEstablishedTimeout       *int `api:"TcpEstablishedTimeout"`
	TCPClosedAndTimeWaitTimeout *int `api:"TcpClosedAndTimeWaitTimeout"`
	UDPTimeout                  *int `api:"UdpTimeout"`
}

// EnhancedNetwork is refused, because it is not open to the public.
type EnhancedNetwork struct {
	EnableExpress                   *bool
	EnableRss                       *bool
	EnableSriov                     *bool
	VirtualFunctionQuantity         *int
	VirtualFunctionTotalQueueNumber *int
}

func (s NetworkInterfaceSettings) queueNumber() *int {
	return firstSet(s.QueueNumber, s.Traffic.QueueNumber)
}
func (s NetworkInterfaceSettings) rxQueueSize() *int {
	return firstSet(s.RxQueueSize, s.Traffic.RxQueueSize)
}
func (s NetworkInterfaceSettings) txQueueSize() *int {
	return firstSet(s.TxQueueSize, s.Traffic.TxQueueSize)
}

// firstSet returns the first of two parameters that is set.
func firstSet[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// settingsRules returns the rules that refuse settings which no interface can have. mode returns the traffic mode of
// the interface, or "" if the request does not decide it.
func settingsRules[T any](settings func(T) NetworkInterfaceSettings, mode func(T) string) []rule[T] {
	violated := func(is func(NetworkInterfaceSettings) bool) func(T) bool {
		return func(r T) bool { return is(settings(r)) }
	}
	return []rule[T]{
		{err: UnsupportedParameter, violated: violated(usesUnsupportedFeature)},
		{
			err: EniTrafficMode,
			violated: violated(
				func(s NetworkInterfaceSettings) bool { return !isTrafficMode(s.Traffic.Mode) },
			),
		},
		exclusive[T](
			"QueueNumber, NetworkInterfaceTrafficConfig.QueueNumber",
			violated(func(s NetworkInterfaceSettings) bool {
				return bothSetAndDiffer(s.QueueNumber, s.Traffic.QueueNumber)
			}),
		),
		exclusive[T](
			"RxQueueSize, NetworkInterfaceTrafficConfig.RxQueueSize",
			violated(func(s NetworkInterfaceSettings) bool {
				return bothSetAndDiffer(s.RxQueueSize, s.Traffic.RxQueueSize)
			}),
		),
		exclusive[T](
			"TxQueueSize, NetworkInterfaceTrafficConfig.TxQueueSize",
			violated(func(s NetworkInterfaceSettings) bool {
				return bothSetAndDiffer(s.TxQueueSize, s.Traffic.TxQueueSize)
			}),
		),
		{err: InvalidQueuePairNumber, violated: violated(func(s NetworkInterfaceSettings) bool {
			return hasInvalidQueuePairs(s.Traffic.QueuePairNumber)
		})},
		{
			err: QueuePairNumberMustEmpty,
			violated: func(r T) bool {
				return settings(r).Traffic.QueuePairNumber != nil && mode(r) == store.TrafficStandard
			},
		},
		{err: InvalidEniQueueNumber, violated: violated(func(s NetworkInterfaceSettings) bool {
			n := s.queueNumber()
			return n != nil && (*n < 1 || *n > maxQueues)
		})},
		{err: EniQueueSize, violated: violated(func(s NetworkInterfaceSettings) bool {
			rx, tx := s.rxQueueSize(), s.txQueueSize()
			return (rx == nil) != (tx == nil) ||
				(rx != nil && (*rx != *tx || !slices.Contains([]int{8192, 16384}, *rx)))
		})},
		{err: EniConnectionTracking, violated: violated(func(s NetworkInterfaceSettings) bool {
			c := s.ConnectionTracking
			return isNotAmong(c.TCPEstablishedTimeout, 30, 60, 80, 100, 200, 300, 500, 700, 910) ||
				isNotAmong(c.TCPClosedAndTimeWaitTimeout, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) ||
				isNotAmong(c.UDPTimeout, 10, 20, 30, 60, 80, 100)
		})},
	}
}

func usesUnsupportedFeature(s NetworkInterfaceSettings) bool {
	return s.EnhancedNetwork != EnhancedNetwork{}
}

// hasInvalidQueuePairs reports whether a number of queue pairs is one that no interface has.
func hasInvalidQueuePairs(pairs *int) bool { return pairs != nil && (*pairs < 1 || *pairs > maxQueues) }

// isTrafficMode reports whether a mode is a documented one, or absent.
func isTrafficMode(mode string) bool {
	return oneOf(mode, "", store.TrafficStandard, store.TrafficHighPerformance)
}

func bothSetAndDiffer(a, b *int) bool { return a != nil && b != nil && *a != *b }

func isNotAmong(n *int, accepted ...int) bool { return n != nil && !slices.Contains(accepted, *n) }

// exclusive refuses parameters that exclude each other.
func exclusive[T any](parameters string, violated func(T) bool) rule[T] {
	return rule[T]{err: InvalidParameterConflict, violated: violated, messageArgs: nameArg[T](parameters)}
}

// addressesOrPrefixes refuses a request for both addresses and prefixes of a family, whether it
// names them or gives their number.
func addressesOrPrefixes[T any](parameters string, wanted func(T) (addresses, prefixes bool)) rule[T] {
	return exclusive(parameters, func(r T) bool {
		addresses, prefixes := wanted(r)
		return addresses && prefixes
	})
}

// apply applies the settings to an interface, except those of its addresses.
func (s NetworkInterfaceSettings) apply(n *store.NetworkInterface) {
	setIfPresent(&n.DeleteOnRelease, s.DeleteOnRelease)
	setIfPresent(&n.SourceDestCheck, s.SourceDestCheck)
	if number := s.queueNumber(); number != nil {
		n.QueueNumber = number
	}
	setIfPresent(&n.TrafficMode, nonEmpty(s.Traffic.Mode))
	setIfPresent(&n.Attributes.QueuePairNumber, s.Traffic.QueuePairNumber)
	setIfPresent(&n.Attributes.RxQueueSize, s.rxQueueSize())
	setIfPresent(&n.Attributes.TxQueueSize, s.txQueueSize())
	setIfPresent(&n.Attributes.TCPEstablishedTimeout, s.ConnectionTracking.TCPEstablishedTimeout)
	setIfPresent(&n.Attributes.TCPClosedAndTimeWaitTimeout, s.ConnectionTracking.TCPClosedAndTimeWaitTimeout)
	setIfPresent(&n.Attributes.UDPTimeout, s.ConnectionTracking.UDPTimeout)
}

// setIfPresent sets a field if the parameter is present.
func setIfPresent[T any](field *T, parameter *T) {
	if parameter != nil {
		*field = *parameter
	}
}
