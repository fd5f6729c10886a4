package service

import (
	"slices"

	"enisim/store"
)

// NetworkInterfaceSettings are the parameters that an interface is created with and that can be changed later. nil leaves one as it is.
type NetworkInterfaceSettings struct {
	DeleteOnRelease    *bool // whether it goes with its instance
	SourceDestCheck    *bool
	EnablePrimaryIPv6  *bool // whether its first IPv6 address is its primary one
	QueueNumber        *int
	RxQueueSize        *int
	TxQueueSize        *int
	Traffic            TrafficConfig      `api:"NetworkInterfaceTrafficConfig"`
	ConnectionTracking ConnectionTracking `api:"ConnectionTrackingConfiguration"`
	EnhancedNetwork    EnhancedNetwork    // refused: not open to the public
}

// TrafficConfig names the queues once more; what is named twice must be the same.
type TrafficConfig struct {
	Mode            string `api:"NetworkInterfaceTrafficMode"` // HighPerformance is refused: there are no RDMA interfaces
	QueueNumber     *int
	QueuePairNumber *int // refused: RDMA
	RxQueueSize     *int
	TxQueueSize     *int
}

// ConnectionTracking are the timeouts of connections, in seconds.
type ConnectionTracking struct {
	TCPEstablishedTimeout       *int `api:"TcpEstablishedTimeout"`
	TCPClosedAndTimeWaitTimeout *int `api:"TcpClosedAndTimeWaitTimeout"`
	UDPTimeout                  *int `api:"UdpTimeout"`
}

// EnhancedNetwork is not open to the public.
type EnhancedNetwork struct {
	EnableExpress                   *bool
	EnableRss                       *bool
	EnableSriov                     *bool
	VirtualFunctionQuantity         *int
	VirtualFunctionTotalQueueNumber *int
}

// Traffic modes of an interface.
const (
	trafficStandard        = "Standard"
	trafficHighPerformance = "HighPerformance"
)

func (s NetworkInterfaceSettings) queueNumber() *int {
	return either(s.QueueNumber, s.Traffic.QueueNumber)
}
func (s NetworkInterfaceSettings) rxQueueSize() *int {
	return either(s.RxQueueSize, s.Traffic.RxQueueSize)
}
func (s NetworkInterfaceSettings) txQueueSize() *int {
	return either(s.TxQueueSize, s.Traffic.TxQueueSize)
}

// either is the first of two parameters that is there.
func either[T any](a, b *T) *T {
	if a != nil {
		return a
	}
	return b
}

// settingsRules refuse settings that no interface can have.
func settingsRules[T any](settings func(T) NetworkInterfaceSettings) []rule[T] {
	broken := func(is func(NetworkInterfaceSettings) bool) func(T) bool {
		return func(r T) bool { return is(settings(r)) }
	}
	return []rule[T]{
		{err: UnsupportedParameter, broken: broken(asksForWhatIsNotOpen)},
		{err: EniTrafficMode, broken: broken(func(s NetworkInterfaceSettings) bool { return !oneOf(s.Traffic.Mode, "", trafficStandard) })},
		exclusive[T]("QueueNumber, NetworkInterfaceTrafficConfig.QueueNumber", broken(func(s NetworkInterfaceSettings) bool {
			return differ(s.QueueNumber, s.Traffic.QueueNumber)
		})),
		exclusive[T]("RxQueueSize, NetworkInterfaceTrafficConfig.RxQueueSize", broken(func(s NetworkInterfaceSettings) bool {
			return differ(s.RxQueueSize, s.Traffic.RxQueueSize)
		})),
		exclusive[T]("TxQueueSize, NetworkInterfaceTrafficConfig.TxQueueSize", broken(func(s NetworkInterfaceSettings) bool {
			return differ(s.TxQueueSize, s.Traffic.TxQueueSize)
		})),
		{err: QueuePairNumberMustEmpty, broken: broken(func(s NetworkInterfaceSettings) bool { return s.Traffic.QueuePairNumber != nil })},
		{err: InvalidEniQueueNumber, broken: broken(func(s NetworkInterfaceSettings) bool {
			n := s.queueNumber()
			return n != nil && (*n < 1 || *n > mostQueues)
		})},
		{err: EniQueueSize, broken: broken(func(s NetworkInterfaceSettings) bool {
			rx, tx := s.rxQueueSize(), s.txQueueSize()
			return (rx == nil) != (tx == nil) || (rx != nil && (*rx != *tx || !slices.Contains([]int{8192, 16384}, *rx)))
		})},
		{err: EniConnectionTracking, broken: broken(func(s NetworkInterfaceSettings) bool {
			c := s.ConnectionTracking
			return outOf(c.TCPEstablishedTimeout, 30, 60, 80, 100, 200, 300, 500, 700, 910) ||
				outOf(c.TCPClosedAndTimeWaitTimeout, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) ||
				outOf(c.UDPTimeout, 10, 20, 30, 60, 80, 100)
		})},
	}
}

func asksForWhatIsNotOpen(s NetworkInterfaceSettings) bool {
	return s.Traffic.Mode == trafficHighPerformance || s.EnhancedNetwork != EnhancedNetwork{}
}

func differ(a, b *int) bool { return a != nil && b != nil && *a != *b }

func outOf(n *int, accepted ...int) bool { return n != nil && !slices.Contains(accepted, *n) }

// exclusive refuses parameters that do not go together.
func exclusive[T any](parameters string, broken func(T) bool) rule[T] {
	return rule[T]{err: InvalidParameterConflict, broken: broken, fill: named[T](parameters)}
}

// addressesOrPrefixes refuses a request that wants both addresses and prefixes of a family, whether it names them or gives their number.
func addressesOrPrefixes[T any](parameters string, wanted func(T) (addresses, prefixes bool)) rule[T] {
	return exclusive(parameters, func(r T) bool {
		addresses, prefixes := wanted(r)
		return addresses && prefixes
	})
}

// apply changes an interface to the settings, but for its addresses.
func (s NetworkInterfaceSettings) apply(n *store.NetworkInterface) {
	set(&n.DeleteOnRelease, s.DeleteOnRelease)
	set(&n.SourceDestCheck, s.SourceDestCheck)
	if number := s.queueNumber(); number != nil {
		n.QueueNumber = number
	}
	set(&n.Attributes.RxQueueSize, s.rxQueueSize())
	set(&n.Attributes.TxQueueSize, s.txQueueSize())
	set(&n.Attributes.TCPEstablishedTimeout, s.ConnectionTracking.TCPEstablishedTimeout)
	set(&n.Attributes.TCPClosedAndTimeWaitTimeout, s.ConnectionTracking.TCPClosedAndTimeWaitTimeout)
	set(&n.Attributes.UDPTimeout, s.ConnectionTracking.UDPTimeout)
}

// set changes a field to a parameter that is there.
func set[T any](field *T, parameter *T) {
	if parameter != nil {
		*field = *parameter
	}
}
