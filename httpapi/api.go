package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"go.opentelemetry.io/otel/trace"

	"enisim.alt/httpapi/metrics"
	"enisim.alt/service"
	"enisim.alt/service/disturbance"
	"enisim.alt/service/operator"
)

// The Version of every action of a product. All products are served on one port and differ in the
// Version.
const (
	ecsVersion             = "2014-05-26"
	vpcVersion             = "2016-04-28"
	locationVersion        = "2015-06-12"
	resourceManagerVersion = "2020-03-31"
	stsVersion             = "2015-04-01"
)

// action answers one API action: it binds the parameters, calls the service and makes the response.
type action struct {
	permission string // product:Action
	answer     func(ctx context.Context, s *service.Service, caller service.Caller, p parameters) (any, error)
	request    reflect.Type        // what the parameters are bound to
	response   func() reflect.Type // of the reply
	declared   declaredAction
}

// declaredAction is an action of the service, of any types.
type declaredAction interface {
	TakesClientToken() bool
	Constraints() []service.Constraint
	Errors() []*service.Error
}

// actions is the whole API: each action of the service with the function that makes its response.
var actions = []action{
	empty(service.AddTags),
	handle(service.AllocatePublicIPAddress, newPublicIPAddressResponse),
	handle(service.AssignIPv6Addresses, newAssignedIPv6AddressesResponse),
	handle(service.AssignPrivateIPAddresses, newAssignedPrivateIPAddressesResponse),
	handle(service.AttachInstanceRAMRole, newAttachedRAMRoleResponse),
	handle(service.AttachKeyPair, newKeyPairResultsResponse),
	empty(service.AttachDisk),
	empty(service.AttachNetworkInterface),
	empty(service.AuthorizeSecurityGroup),
	empty(service.AuthorizeSecurityGroupEgress),
	handle(service.CreateDisk, newCreatedDiskResponse),
	handle(service.CreateInstance, newCreateInstanceResponse),
	handle(service.CreateKeyPair, newCreatedKeyPairResponse),
	handle(service.CreateNetworkInterface, newCreatedNetworkInterfaceResponse),
	handle(service.CreateSecurityGroup, newCreatedSecurityGroupResponse),
	empty(service.DeleteDisk),
	empty(service.DeleteInstance),
	empty(service.DeleteInstances),
	empty(service.DeleteKeyPairs),
	empty(service.DeleteNetworkInterface),
	empty(service.DeleteSecurityGroup),
	handle(service.DescribeAccountAttributes, newAccountAttributesResponse),
	handle(service.DescribeAvailableResource, newAvailableResourcesResponse),
	handle(service.DescribeDisks, newDisksResponse),
	handle(service.DescribeEniMonitorData, newEniMonitorDataResponse),
	handle(service.DescribeImages, newImagesResponse),
	handle(service.DescribeInstanceAttachmentAttributes, newAttachmentAttributesResponse),
	handle(service.DescribeInstanceAttribute, newInstanceAttributeResponse),
	handle(service.DescribeInstanceAutoRenewAttribute, newInstanceRenewalsResponse),
	handle(service.DescribeInstanceHistoryEvents, newInstanceHistoryEventsResponse),
	handle(service.DescribeInstanceMaintenanceAttributes, newMaintenanceAttributesResponse),
	handle(service.DescribeInstanceRAMRole, newInstanceRAMRolesResponse),
	handle(service.DescribeInstanceStatus, newInstanceStatusesResponse),
	handle(service.DescribeInstanceTypeFamilies, newInstanceTypeFamiliesResponse),
	handle(service.DescribeInstanceTypes, newInstanceTypesResponse),
	handle(service.DescribeInstances, newInstancesResponse),
	handle(service.DescribeInstancesFullStatus, newInstanceFullStatusesResponse),
	handle(service.DescribeKeyPairs, newKeyPairsResponse),
	handle(service.DescribeNetworkInterfaceAttribute, newNetworkInterfaceAttributeResponse),
	handle(service.DescribeNetworkInterfaces, newNetworkInterfacesResponse),
	handle(service.DescribePrice, newPriceResponse),
	handle(service.DescribeRegions, newRegionsResponse),
	handle(service.DescribeSecurityGroupAttribute, newSecurityGroupAttributeResponse),
	handle(service.DescribeSecurityGroupReferences, newSecurityGroupReferencesResponse),
	handle(service.DescribeSecurityGroups, newSecurityGroupsResponse),
	handle(service.DescribeTags, newTagsResponse),
	handle(service.DescribeUserData, newUserDataResponse),
	handle(service.DescribeZones, newZonesResponse),
	handle(service.DetachInstanceRAMRole, newDetachedRAMRoleResponse),
	handle(service.DetachKeyPair, newKeyPairResultsResponse),
	empty(service.DetachDisk),
	empty(service.DetachNetworkInterface),
	handle(service.ImportKeyPair, newImportedKeyPairResponse),
	empty(service.JoinSecurityGroup),
	empty(service.LeaveSecurityGroup),
	handle(service.ListTagResourcesOfECS, newTagResourcesResponse),
	empty(service.ModifyDiskAttribute),
	empty(service.ModifyInstanceAttribute),
	empty(service.ModifyInstanceAutoReleaseTime),
	empty(service.ModifyInstanceAutoRenewAttribute),
	handle(service.ModifyInstanceChargeType, newChargeTypeResponse),
	empty(service.ModifyInstanceMetadataOptions),
	empty(service.ModifyInstanceSpec),
	empty(service.ModifyNetworkInterfaceAttribute),
	empty(service.ModifySecurityGroupAttribute),
	empty(service.ModifySecurityGroupEgressRule),
	empty(service.ModifySecurityGroupPolicy),
	empty(service.ModifySecurityGroupRule),
	empty(service.RebootInstance),
	handle(service.RebootInstances, newPowerResultsResponse),
	empty(service.RemoveTags),
	empty(service.ResizeDisk),
	empty(service.RevokeSecurityGroup),
	empty(service.RevokeSecurityGroupEgress),
	handle(service.RunInstances, newRunInstancesResponse),
	empty(service.StartInstance),
	handle(service.StartInstances, newPowerResultsResponse),
	empty(service.StopInstance),
	handle(service.StopInstances, newPowerResultsResponse),
	empty(service.TagResourcesOfECS),
	empty(service.UnassignIPv6Addresses),
	empty(service.UnassignPrivateIPAddresses),
	empty(service.UntagResourcesOfECS),
	handle(service.AllocateEIPAddress, newAllocatedEIPResponse),
	empty(service.AssociateEIPAddress),
	empty(service.AssociateRouteTable),
	handle(service.AssociateVPCCIDRBlock, newAssociatedBlockResponse),
	handle(service.CreateRouteEntries, newCreatedRouteEntriesResponse),
	handle(service.CreateRouteEntry, newCreatedRouteEntryResponse),
	handle(service.CreateRouteTable, newCreatedRouteTableResponse),
	handle(service.CreateVSwitch, newCreatedVSwitchResponse),
	handle(service.CreateVPC, newCreatedVPCResponse),
	handle(service.DeleteRouteEntries, newDeletedRouteEntriesResponse),
	empty(service.DeleteRouteEntry),
	empty(service.DeleteRouteTable),
	empty(service.DeleteVSwitch),
	empty(service.DeleteVPC),
	handle(service.DescribeEIPAddresses, newEIPAddressesResponse),
	handle(service.DescribeRouteEntryList, newRouteEntryListResponse),
	handle(service.DescribeRouteTableList, newRouteTableListResponse),
	handle(service.DescribeRouteTables, newRouteTablesResponse),
	handle(service.DescribeVSwitchAttributes, newVSwitchAttributesResponse),
	handle(service.DescribeVSwitches, newVSwitchesResponse),
	handle(service.DescribeVPCAttribute, newVPCAttributeResponse),
	handle(service.DescribeVPCs, newVPCsResponse),
	handle(service.ListTagResourcesOfVPC, newTagResourcesResponse),
	empty(service.ModifyEIPAddressAttribute),
	empty(service.ModifyRouteTableAttributes),
	empty(service.ModifyVSwitchAttribute),
	empty(service.ModifyVPCAttribute),
	empty(service.ReleaseEIPAddress),
	empty(service.TagResourcesOfVPC),
	empty(service.UnassociateEIPAddress),
	empty(service.UnassociateRouteTable),
	empty(service.UnassociateVPCCIDRBlock),
	empty(service.UntagResourcesOfVPC),
	handle(service.DescribeEndpoints, newEndpointsResponse),
	handle(service.ListResourceGroups, newResourceGroupsResponse),
	handle(service.AssumeRole, newRoleCredentialsResponse),
	handle(service.GetCallerIdentity, newCallerIdentityResponse),
}

// networkActionsOfECS are actions of VPC that ECS has too, under its own Version, as in its SDKs.
// Requests and answers are the same, and the permission is that of VPC.
var networkActionsOfECS = []string{
	"AllocateEipAddress", "AssociateEipAddress", "CreateRouteEntry", "CreateVSwitch", "CreateVpc",
	"DeleteRouteEntry", "DeleteVSwitch", "DeleteVpc", "DescribeEipAddresses", "DescribeRouteTables",
	"DescribeVSwitches", "DescribeVpcs", "ModifyEipAddressAttribute", "ModifyVSwitchAttribute",
	"ModifyVpcAttribute", "ReleaseEipAddress", "UnassociateEipAddress",
}

// actionsByVersion returns the actions by their Version and name, without those that two products
// have.
func actionsByVersion() map[string]map[string]action {
	all := map[string]map[string]action{}
	for _, p := range products {
		all[p.version] = map[string]action{}
		for _, act := range actions {
			if ram, name, _ := strings.Cut(act.permission, ":"); ram == p.ram {
				all[p.version][name] = act
			}
		}
	}
	all[vpcVersion]["UnTagResources"] = all[vpcVersion]["UntagResources"] // as the product's own metadata spell it
	return all
}

// servedActions returns the whole API, including the actions that two products have.
func servedActions() map[string]map[string]action {
	all := actionsByVersion()
	for _, name := range networkActionsOfECS {
		all[ecsVersion][name] = all[vpcVersion][name]
	}
	return all
}

// handle makes an action from one of the service and a function that makes its response: a pointer
// to a struct that embeds Reply.
func handle[Request, Answer any](act *service.Action[Request, Answer], newResponse func(Answer) any) action {
	return action{
		permission: act.Permission(),
		answer: func(ctx context.Context, s *service.Service, caller service.Caller, p parameters) (any, error) {
			answer, err := act.Do(ctx, s, caller, bind[Request](p))
			if err != nil {
				return nil, err
			}
			return newResponse(answer), nil
		},
		request: reflect.TypeFor[Request](),
		// Only descriptions need it. Some replies parse the catalogue, which would take a fifth of the
		// start of each command.
		response: func() reflect.Type { return reflect.TypeOf(newResponse(*new(Answer))) },
		declared: act,
	}
}

// empty makes an action whose response has only a RequestId.
func empty[Request any](act *service.Action[Request, service.Empty]) action {
	return handle(act, func(service.Empty) any { return &Reply{} })
}

// Options are the settings of the process that runs the API.
type Options struct {
	Log          *slog.Logger
	NewRequestID func() string // nil: a random UUID in upper case
	Signature    SignatureMode
	Now          func() time.Time // by which requests are too old; nil: the machine's clock
	Control      Control
	Metrics      *metrics.Metrics // nil: nothing is measured
	// Traces makes a span of each request. nil: there are none.
	Traces trace.TracerProvider
}

// API serves the actions over HTTP.
type API struct {
	service      *service.Service
	actions      map[string]map[string]action
	userData     map[string]bool // the actions that take user data
	reading      *readingBudget
	controlling  *readingBudget
	gate         *gatekeeper
	meter        *meter       // nil: nothing is measured
	tracer       trace.Tracer // nil: nothing is traced
	usage        *metrics.Usage
	log          *slog.Logger
	newRequestID func() string
	echo         *echo.Echo
	draining     atomic.Bool
	stopping     chan struct{} // closed when the server is about to stop
	held         heldCalls     // by faults
	streams      eventStreams
}

// New returns the API of a service.
func New(s *service.Service, options Options) *API {
	a := &API{
		service: s,
		actions: servedActions(),
		gate: &gatekeeper{
			service: s,
			mode:    options.Signature,
			nonces:  newNonceMemory(maxNonces, maxNoncesPerKey),
			now:     options.Now,
		},
		log:          options.Log,
		newRequestID: options.NewRequestID,
		reading:      newReadingBudget(maxReading, maxReadingPerAddress),
		controlling:  newReadingBudget(maxControlReading, maxControlReading),
		echo:         echo.New(),
		stopping:     make(chan struct{}),
		usage:        metrics.NewUsage(s),
	}
	a.userData = withUserData(a.actions)
	a.meter = newMeter(options.Metrics, a.actions)
	if options.Traces != nil {
		a.tracer = options.Traces.Tracer("enisim/httpapi")
	}
	if a.gate.now == nil {
		a.gate.now = time.Now
	}
	if a.newRequestID == nil {
		a.newRequestID = func() string { return strings.ToUpper(uuid.NewString()) }
	}
	a.echo.HTTPErrorHandler = func(err error, c echo.Context) { a.refuse(c, err) }
	a.echo.Use(catchPanics)
	a.echo.Any("/", a.serve)
	a.echo.GET("/healthz", a.healthz)
	a.echo.GET("/readyz", a.readyz)
	operators := operator.New(s) // one, because it bounds the worlds in memory
	a.serveControl(operators, options.Control)
	a.serveMetrics(options.Metrics, options.Control)
	a.serveConsole(operators, options.Metrics, options.Control)
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a.draining.Load() {
		w.Header().Set("Connection", "close") // so that a client's next request finds another replica
	}
	a.echo.ServeHTTP(w, r)
}

// Drain makes readiness fail and asks clients to close their connections, while requests are still
// answered.
// Answers that a fault holds back are given at once.
func (a *API) Drain() {
	if !a.draining.Swap(true) {
		close(a.stopping)
	}
}

// serve answers a request to the one endpoint.
func (a *API) serve(c echo.Context) error {
	x := a.begin(c)
	defer func() { x.end() }()
	defer x.endSpan()
	memory := a.reading.share(c.Request())
	defer memory.release()
	reply, err := a.answer(c, memory, x)
	if memory.unread { // or net/http would wait for the rest before it sends the answer
		c.Response().Header().Set("Connection", "close")
	}
	if x.hasRun && x.fault != nil && x.fault.Do.Lose != "" {
		err = a.loseAnswer(c, x)
	}
	switch {
	case errors.Is(err, errAnswerLost):
		return nil
	case err != nil:
		return a.writeError(c, x, err)
	}
	return a.writeReply(c, x, reply)
}

// answer applies the checks of the gateway in their order (docs/reference/protocol.md, section 5),
// and then runs the action.
func (a *API) answer(c echo.Context, memory *share, x *exchange) (_ any, err error) {
	defer recoverPanic(&err)
	r := c.Request()
	in, err := a.readRequest(r, memory)
	x.format, x.version, x.action = in.format, in.parameters["Version"], in.parameters["Action"]
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return nil, service.UnsupportedHTTPMethod
	}
	if err != nil {
		return nil, err
	}
	caller, err := a.gate.authenticate(r.Context(), in)
	x.account = caller.AccountID
	if err != nil {
		return nil, err
	}
	product, known := a.actions[x.version]
	if !known {
		return nil, service.InvalidVersion
	}
	act, known := product[x.action]
	if !known {
		return nil, service.InvalidActionNotFound
	}
	caller.RequestID, caller.Host = x.requestID, x.host
	reply, err := a.run(c, caller, act, x, in.parameters)
	if err != nil {
		if x.fault != nil {
			caller.FaultID = x.fault.ID
		}
		a.recordRefusal(r.Context(), caller, x, in.parameters, err)
		a.service.PaceRefusal(r.Context(), caller, err)
	}
	return reply, err
}

// run runs an action, unless a throttle or a fault answers the request instead.
func (a *API) run(
	c echo.Context, caller service.Caller, act action, x *exchange, p parameters,
) (any, error) {
	if caller.Rules != nil {
		if err := a.throttle(c, caller, x, p); err != nil {
			return nil, err
		}
		if err := a.strikeFault(c, caller, x, p); err != nil {
			return nil, err
		}
		if x.fault != nil {
			caller.FaultID = x.fault.ID
		}
	}
	ctx, end := a.service.ForCaller(c.Request().Context(), caller)
	x.end, x.hasRun = end, true
	return act.answer(ctx, a.service, caller, p)
}

// recordRefusal records why a request is refused. If it fails, the refusal is answered all the same.
func (a *API) recordRefusal(ctx context.Context, caller service.Caller, x *exchange, p parameters, err error) {
	failure := a.service.RecordRefusal(ctx, caller, service.Refusal{
		Action:    strings.Clone(x.action), // its text would keep the whole request
		Resources: func() []string { return namedResources(p) },
		ByFault:   x.isAnsweredByFault(),
		Err:       err,
	})
	if failure != nil && ctx.Err() == nil {
		a.log.Warn("a refusal could not be recorded, so enisim why does not know it",
			"request_id", x.requestID, "error", failure)
	}
}

// refuse answers a request that did not reach serve, or failed in it: an unknown path, a panic.
func (a *API) refuse(c echo.Context, err error) {
	if c.Response().Committed {
		return
	}
	x := a.begin(c)
	defer x.endSpan()
	// The router's only complaints are an unknown path and a wrong method on a known one.
	if _, ok := errors.AsType[*echo.HTTPError](err); ok {
		err = service.InvalidActionNotFound
	}
	if err := a.writeError(c, x, err); err != nil {
		a.log.Warn("a reply could not be sent", "request_id", x.requestID, "error", err)
	}
}

// healthz reports that the process lives.
func (a *API) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz reports whether requests will be answered: the database answers, and the server is not
// about to stop. A line for each risk follows the ok, because a server with a risk does answer.
func (a *API) readyz(c echo.Context) error {
	if a.draining.Load() {
		return c.String(http.StatusServiceUnavailable, "stopping\n")
	}
	risks, err := a.service.Ready(c.Request().Context())
	if err != nil {
		return c.String(http.StatusServiceUnavailable, "the database does not answer\n")
	}
	var text strings.Builder
	text.WriteString("ok\n")
	for _, risk := range risks {
		text.WriteString("risk: " + risk.Text + "\n")
	}
	return c.String(http.StatusOK, text.String())
}

// exchange is the state of one request while it is answered, for the response and the log.
type exchange struct {
	requestID string
	host      string
	format    format
	version   string
	action    string
	account   string
	started   time.Time
	fault     *disturbance.Fault // that strikes the request; nil: none
	hasRun    bool               // whether the action has run: otherwise there is no answer of it to lose
	isControl bool               // whether it is a request to the control API
	refused   bool               // whether a rule refuses the request
	throttled bool               // whether that is a throttle of the account
	end       func()             // ends the work that counts against the account's share
	span      trace.Span         // nil: nothing is traced
}

// begin begins an exchange. From then on, the request's context is that of its span, which the caller
// ends.
func (a *API) begin(c echo.Context) *exchange {
	x := a.beginUntraced(c)
	a.startSpan(c, x)
	return x
}

// beginUntraced begins an exchange without a span.
func (a *API) beginUntraced(c echo.Context) *exchange {
	return &exchange{requestID: a.newRequestID(), host: c.Request().Host, started: time.Now(), end: func() {}}
}
