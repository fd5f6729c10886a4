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

	"enisim/service"
)

// The Version of every action of a product. All products are served on one port and differ in the
// Version.
const (
	ecsVersion = "2014-05-26"
	vpcVersion = "2016-04-28"
	stsVersion = "2015-04-01"
)

// action answers one API action: it binds the parameters, calls the service and makes the response.
type action struct {
	answer  func(ctx context.Context, caller service.Caller, p parameters) (any, error)
	request reflect.Type // what the parameters are bound to
}

// actions returns the whole API: version, then action. Names are the API's.
func actions(s *service.Service) map[string]map[string]action {
	return map[string]map[string]action{
		ecsVersion: {
			"AssignIpv6Addresses":                   handle(s.AssignIPv6Addresses, newAssignedIPv6AddressesResponse),
			"AssignPrivateIpAddresses":              handle(s.AssignPrivateIPAddresses, newAssignedPrivateIPAddressesResponse),
			"AttachNetworkInterface":                empty(s.AttachNetworkInterface),
			"AuthorizeSecurityGroup":                empty(s.AuthorizeSecurityGroup),
			"AuthorizeSecurityGroupEgress":          empty(s.AuthorizeSecurityGroupEgress),
			"CreateInstance":                        handle(s.CreateInstance, newCreateInstanceResponse),
			"CreateNetworkInterface":                handle(s.CreateNetworkInterface, newCreatedNetworkInterfaceResponse),
			"CreateSecurityGroup":                   handle(s.CreateSecurityGroup, newCreatedSecurityGroupResponse),
			"DeleteInstance":                        empty(s.DeleteInstance),
			"DeleteNetworkInterface":                empty(s.DeleteNetworkInterface),
			"DeleteSecurityGroup":                   empty(s.DeleteSecurityGroup),
			"DescribeAvailableResource":             handle(s.DescribeAvailableResource, newAvailableResourcesResponse),
			"DescribeDisks":                         handle(s.DescribeDisks, newDisksResponse),
			"DescribeImages":                        handle(s.DescribeImages, newImagesResponse),
			"DescribeInstanceAttachmentAttributes":  handle(s.DescribeInstanceAttachmentAttributes, newAttachmentAttributesResponse),
			"DescribeInstanceAttribute":             handle(s.DescribeInstanceAttribute, newInstanceAttributeResponse),
			"DescribeInstanceMaintenanceAttributes": handle(s.DescribeInstanceMaintenanceAttributes, newMaintenanceAttributesResponse),
			"DescribeInstanceRamRole":               handle(s.DescribeInstanceRAMRole, newInstanceRAMRolesResponse),
			"DescribeInstanceStatus":                handle(s.DescribeInstanceStatus, newInstanceStatusesResponse),
			"DescribeInstanceTypeFamilies":          handle(s.DescribeInstanceTypeFamilies, newInstanceTypeFamiliesResponse),
			"DescribeInstanceTypes":                 handle(s.DescribeInstanceTypes, newInstanceTypesResponse),
			"DescribeInstances":                     handle(s.DescribeInstances, newInstancesResponse),
			"DescribeNetworkInterfaceAttribute":     handle(s.DescribeNetworkInterfaceAttribute, newNetworkInterfaceAttributeResponse),
			"DescribeNetworkInterfaces":             handle(s.DescribeNetworkInterfaces, newNetworkInterfacesResponse),
			"DescribeRegions":                       handle(s.DescribeRegions, newRegionsResponse),
			"DescribeSecurityGroupAttribute":        handle(s.DescribeSecurityGroupAttribute, newSecurityGroupAttributeResponse),
			"DescribeSecurityGroups":                handle(s.DescribeSecurityGroups, newSecurityGroupsResponse),
			"DescribeUserData":                      handle(s.DescribeUserData, newUserDataResponse),
			"DescribeZones":                         handle(s.DescribeZones, newZonesResponse),
			"DetachNetworkInterface":                empty(s.DetachNetworkInterface),
			"JoinSecurityGroup":                     empty(s.JoinSecurityGroup),
			"LeaveSecurityGroup":                    empty(s.LeaveSecurityGroup),
			"ListTagResources":                      handle(s.ListTagResources(service.ECSTags), newTagResourcesResponse),
			"ModifyInstanceAttribute":               empty(s.ModifyInstanceAttribute),
			"ModifyInstanceSpec":                    empty(s.ModifyInstanceSpec),
			"ModifyNetworkInterfaceAttribute":       empty(s.ModifyNetworkInterfaceAttribute),
			"ModifySecurityGroupAttribute":          empty(s.ModifySecurityGroupAttribute),
			"ModifySecurityGroupPolicy":             empty(s.ModifySecurityGroupPolicy),
			"RebootInstance":                        empty(s.RebootInstance),
			"RevokeSecurityGroup":                   empty(s.RevokeSecurityGroup),
			"RevokeSecurityGroupEgress":             empty(s.RevokeSecurityGroupEgress),
			"RunInstances":                          handle(s.RunInstances, newRunInstancesResponse),
			"StartInstance":                         empty(s.StartInstance),
			"StopInstance":                          empty(s.StopInstance),
			"TagResources":                          empty(s.TagResources(service.ECSTags)),
			"UnassignIpv6Addresses":                 empty(s.UnassignIPv6Addresses),
			"UnassignPrivateIpAddresses":            empty(s.UnassignPrivateIPAddresses),
			"UntagResources":                        empty(s.UntagResources(service.ECSTags)),
		},
		vpcVersion: {
			"CreateVSwitch":             handle(s.CreateVSwitch, newCreatedVSwitchResponse),
			"CreateVpc":                 handle(s.CreateVPC, newCreatedVPCResponse),
			"DeleteVSwitch":             empty(s.DeleteVSwitch),
			"DeleteVpc":                 empty(s.DeleteVPC),
			"DescribeRouteTableList":    handle(s.DescribeRouteTableList, newRouteTableListResponse),
			"DescribeRouteTables":       handle(s.DescribeRouteTables, newRouteTablesResponse),
			"DescribeVSwitchAttributes": handle(s.DescribeVSwitchAttributes, newVSwitchAttributesResponse),
			"DescribeVSwitches":         handle(s.DescribeVSwitches, newVSwitchesResponse),
			"DescribeVpcAttribute":      handle(s.DescribeVPCAttribute, newVPCAttributeResponse),
			"DescribeVpcs":              handle(s.DescribeVPCs, newVPCsResponse),
			"ListTagResources":          handle(s.ListTagResources(service.VPCTags), newTagResourcesResponse),
			"ModifyVSwitchAttribute":    empty(s.ModifyVSwitchAttribute),
			"ModifyVpcAttribute":        empty(s.ModifyVPCAttribute),
			"TagResources":              empty(s.TagResources(service.VPCTags)),
			"UntagResources":            empty(s.UntagResources(service.VPCTags)),
			"UnTagResources":            empty(s.UntagResources(service.VPCTags)), // as the product's own metadata spell it
		},
		stsVersion: {
			"AssumeRole":        handle(s.AssumeRole, newRoleCredentialsResponse),
			"GetCallerIdentity": handle(s.GetCallerIdentity, newCallerIdentityResponse),
		},
	}
}

// networkActionsOfECS are actions of VPC that ECS has too, under its own Version, as in its SDKs.
// Requests and answers are the same, and the permission is that of VPC.
var networkActionsOfECS = []string{
	"CreateVSwitch", "CreateVpc", "DeleteVSwitch", "DeleteVpc", "DescribeRouteTables", "DescribeVSwitches", "DescribeVpcs", "ModifyVSwitchAttribute", "ModifyVpcAttribute",
}

// servedActions returns the whole API, including the actions that two products have.
func servedActions(s *service.Service) map[string]map[string]action {
	all := actions(s)
	for _, name := range networkActionsOfECS {
		all[ecsVersion][name] = all[vpcVersion][name]
	}
	return all
}

// handle makes an action from a method of the service and a function that makes its response: a
// pointer to a struct that embeds Reply.
func handle[Request, Answer any](call func(context.Context, service.Caller, Request) (Answer, error), newResponse func(Answer) any) action {
	return action{
		answer: func(ctx context.Context, caller service.Caller, p parameters) (any, error) {
			answer, err := call(ctx, caller, bind[Request](p))
			if err != nil {
				return nil, err
			}
			return newResponse(answer), nil
		},
		request: reflect.TypeFor[Request](),
	}
}

// empty makes an action whose response has only a RequestId.
func empty[Request any](call func(context.Context, service.Caller, Request) error) action {
	return handle(func(ctx context.Context, caller service.Caller, r Request) (struct{}, error) {
		return struct{}{}, call(ctx, caller, r)
	}, func(struct{}) any { return &Reply{} })
}

// Options are the settings of the process that runs the API.
type Options struct {
	Log          *slog.Logger
	NewRequestID func() string // nil: a random UUID in upper case
	Signature    SignatureMode
	Now          func() time.Time // by which requests are too old; nil: the machine's clock
	Control      Control
}

// API serves the actions over HTTP.
type API struct {
	service      *service.Service
	actions      map[string]map[string]action
	userData     map[string]bool // the actions that take user data
	reading      *readingBudget
	controlling  *readingBudget
	gate         *gatekeeper
	log          *slog.Logger
	newRequestID func() string
	echo         *echo.Echo
	draining     atomic.Bool
}

// New returns the API of a service.
func New(s *service.Service, options Options) *API {
	a := &API{
		service:      s,
		actions:      servedActions(s),
		gate:         &gatekeeper{service: s, mode: options.Signature, nonces: newNonceMemory(maxNonces, maxNoncesPerKey), now: options.Now},
		log:          options.Log,
		newRequestID: options.NewRequestID,
		reading:      newReadingBudget(maxReading, maxReadingPerAddress),
		controlling:  newReadingBudget(maxControlReading, maxControlReading),
		echo:         echo.New(),
	}
	a.userData = withUserData(a.actions)
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
	a.serveControl(options.Control)
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
func (a *API) Drain() { a.draining.Store(true) }

// serve answers a request to the one endpoint.
func (a *API) serve(c echo.Context) error {
	x := a.begin(c)
	memory := a.reading.share(c.Request())
	defer memory.release()
	reply, err := a.answer(c.Request(), memory, x)
	if memory.unread { // or net/http would wait for the rest before it sends the answer
		c.Response().Header().Set("Connection", "close")
	}
	if err != nil {
		return a.writeError(c, x, err)
	}
	return a.writeReply(c, x, reply)
}

// answer applies the checks of the gateway in their order (docs/reference/protocol.md, section 5),
// and then runs the action.
func (a *API) answer(r *http.Request, memory *share, x *exchange) (_ any, err error) {
	defer recoverPanic(&err)
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
	reply, err := act.answer(service.ForCaller(r.Context(), caller), caller, in.parameters)
	if err != nil {
		a.service.PaceRefusal(r.Context(), caller, err)
	}
	return reply, err
}

// refuse answers a request that did not reach serve, or failed in it: an unknown path, a panic.
func (a *API) refuse(c echo.Context, err error) {
	if c.Response().Committed {
		return
	}
	x := a.begin(c)
	if _, ok := errors.AsType[*echo.HTTPError](err); ok { // the router's only complaints are an unknown path and a wrong method on a known one
		err = service.InvalidActionNotFound
	}
	if err := a.writeError(c, x, err); err != nil {
		a.log.Warn("a reply could not be sent", "request_id", x.requestID, "error", err)
	}
}

// healthz reports that the process lives.
func (a *API) healthz(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz reports whether requests will be answered: the database answers, and the server is not
// about to stop.
func (a *API) readyz(c echo.Context) error {
	if a.draining.Load() {
		return c.String(http.StatusServiceUnavailable, "stopping\n")
	}
	if err := a.service.Ready(c.Request().Context()); err != nil {
		return c.String(http.StatusServiceUnavailable, "the database does not answer\n")
	}
	return c.String(http.StatusOK, "ok\n")
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
}

func (a *API) begin(c echo.Context) *exchange {
	return &exchange{requestID: a.newRequestID(), host: c.Request().Host, started: time.Now()}
}
