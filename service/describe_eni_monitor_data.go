package service

import (
	"context"
	"slices"
	"time"

	"enisim.alt/store"
)

// DescribeEniMonitorDataRequest is the request for the traffic of the secondary interfaces of an instance.
type DescribeEniMonitorDataRequest struct {
	RegionID   string `api:"RegionId"`
	InstanceID string `api:"InstanceId"`
	ENIID      string `api:"EniId"` // "": all of them
	StartTime  string
	EndTime    string
	Period     *int // seconds; nil: 60
	Malformed  Malformed
}

// MonitoredENI is an interface at the end of a period. There is no traffic here.
type MonitoredENI struct {
	ENIID string
	At    time.Time
}

const (
	maxMonitorData     = 400                 // of a reply
	maxMonitorAge      = 30 * 24 * time.Hour // of its beginning
	monitorPeriod      = 60                  // seconds, of a request that names none
	monitorTimeLayout  = "2006-01-02T15:04:05Z"
	monitorTimeRounded = time.Minute
)

// monitorTime returns a time of a request, rounded up to a minute.
func monitorTime(text string) (at time.Time, ok bool) {
	at, err := time.Parse(monitorTimeLayout, text)
	if rounded := at.Truncate(monitorTimeRounded); rounded.Before(at) {
		at = rounded.Add(monitorTimeRounded)
	}
	return at, err == nil
}

// times returns when the first and the last period end, and how long each is.
func (r DescribeEniMonitorDataRequest) times() (first, last time.Time, period time.Duration) {
	first, _ = monitorTime(r.StartTime)
	last, _ = monitorTime(r.EndTime)
	seconds := monitorPeriod
	if r.Period != nil {
		seconds = *r.Period
	}
	return first, last, time.Duration(seconds) * time.Second
}

// periods returns how many periods there are.
func (r DescribeEniMonitorDataRequest) periods() int {
	first, last, period := r.times()
	return int(last.Sub(first)/period) + 1
}

var describeEniMonitorDataParameterRules = []rule[DescribeEniMonitorDataRequest]{
	required[DescribeEniMonitorDataRequest]("RegionId"),
	required[DescribeEniMonitorDataRequest]("InstanceId"),
	required[DescribeEniMonitorDataRequest]("StartTime"),
	required[DescribeEniMonitorDataRequest]("EndTime"),
	readable[DescribeEniMonitorDataRequest](),
	wellFormed[DescribeEniMonitorDataRequest](InvalidStartTimeMalformed, "StartTime", isMonitorTime),
	wellFormed[DescribeEniMonitorDataRequest](InvalidEndTimeMalformed, "EndTime", isMonitorTime),
	{err: InvalidPeriod, violated: func(r DescribeEniMonitorDataRequest) bool {
		return isNotAmong(r.Period, 60, 600, 3600)
	}},
	{err: EndTimeBeforeStartTime, violated: func(r DescribeEniMonitorDataRequest) bool {
		first, last, _ := r.times()
		return last.Before(first)
	}},
	{err: TooManyDataQueried, violated: func(r DescribeEniMonitorDataRequest) bool {
		return r.periods() > maxMonitorData
	}},
}

// isMonitorTime reports whether a text is a time of a request.
func isMonitorTime(text string) bool { _, ok := monitorTime(text); return ok }

// monitorInput is a request with the instance and the interfaces that it is about.
type monitorInput struct {
	DescribeEniMonitorDataRequest
	now        time.Time
	instance   *Instance
	interfaces []string // the secondary ones, of which the request may name one
}

var describeEniMonitorDataRules = []rule[monitorInput]{
	{err: StartTimeTooEarly, violated: func(m monitorInput) bool {
		first, _, _ := m.times()
		return first.Before(m.now.Add(-maxMonitorAge))
	}},
	{err: InvalidInstanceIDNotFound, violated: func(m monitorInput) bool { return m.instance == nil }},
	{err: MonitoredENIMismatch, violated: func(m monitorInput) bool {
		return m.ENIID != "" && len(m.interfaces) == 0
	}},
	{err: TooManyDataQueried, violated: func(m monitorInput) bool {
		return m.periods()*len(m.interfaces) > maxMonitorData
	}},
}

// DescribeEniMonitorData returns the traffic of the secondary interfaces of an instance, while it is Running:
// none, for each period.
var DescribeEniMonitorData = newAction(Action[DescribeEniMonitorDataRequest, []MonitoredENI]{
	permission: "ecs:DescribeEniMonitorData",
	parameters: describeEniMonitorDataParameterRules,
	refusals:   errorsOf(describeEniMonitorDataRules),
	run:        (*Service).describeEniMonitorData,
})

func (s *Service) describeEniMonitorData(
	ctx context.Context, caller Caller, req DescribeEniMonitorDataRequest,
) (data []MonitoredENI, err error) {
	input := monitorInput{DescribeEniMonitorDataRequest: req, now: s.timeOf(caller)}
	read, err := s.listInstances(ctx, caller, store.InstanceFilter{
		AccountID: caller.AccountID, RegionID: req.RegionID, IDs: []string{req.InstanceID},
	}, store.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(read.Rows) > 0 {
		input.instance = &read.Rows[0]
		for _, n := range input.instance.NetworkInterfaces {
			if n.Type == store.ENISecondary && (req.ENIID == "" || req.ENIID == n.ID) {
				input.interfaces = append(input.interfaces, n.ID)
			}
		}
	}
	if err := check(describeEniMonitorDataRules, input); err != nil {
		return nil, err
	}
	if input.instance.Status != store.InstanceRunning {
		return nil, nil
	}
	first, last, period := req.times()
	for at := last; !at.Before(first); at = at.Add(-period) {
		for _, id := range slices.Sorted(slices.Values(input.interfaces)) {
			data = append(data, MonitoredENI{id, at})
		}
	}
	return data, nil
}
