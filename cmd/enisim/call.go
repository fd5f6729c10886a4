package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"enisim.alt/httpapi"
	"enisim.alt/httpapi/signature"
)

// apiParameters are the parameters of an action on the command line, such as --InstanceId i-web.
type apiParameters map[string]string

// splitParameters takes the API's parameters out of a command line. Their names begin with a
// capital letter and those of flags do not, so they may come in any order.
func splitParameters(args []string) (rest []string, api apiParameters, err error) {
	api = apiParameters{}
	for i := 0; i < len(args); i++ {
		name, isFlag := strings.CutPrefix(args[i], "--")
		if !isFlag || name == "" || name[0] < 'A' || name[0] > 'Z' {
			rest = append(rest, args[i])
			continue
		}
		name, value, inline := strings.Cut(name, "=")
		if !inline {
			if i++; i == len(args) {
				return nil, nil, fmt.Errorf("--%s needs a value", name)
			}
			value = args[i]
		}
		if _, twice := api[name]; twice {
			return nil, nil, fmt.Errorf("--%s is given twice; a list is --%s.1, --%s.2", name, name, name)
		}
		api[name] = value
	}
	return rest, api, nil
}

type callCommand struct {
	Action          string        `arg:"" help:"Action of the API, such as AttachNetworkInterface."`
	Endpoint        string        `default:"http://127.0.0.1:8080" help:"Where the API is served."`
	AccessKeyID     string        `default:"LTAIquickstart000001" help:"Access key to sign with (default: the quick-start world's)."`
	AccessKeySecret string        `default:"quickstart-secret" help:"Its secret."`
	Method          string        `default:"POST" enum:"GET,POST" help:"GET or POST."`
	Timeout         time.Duration `default:"30s" min:"1ns" help:"How long to wait for the reply."`
	Insecure        bool          `help:"Accept any certificate, such as that of serve --tls-self-signed."`
}

// Help returns the text of --help.
func (*callCommand) Help() string {
	return `Any action, any parameter: the API's parameters begin with a capital letter, and lists are numbered. An
action that several products have is ECS's, unless --Version says otherwise. The reply is printed as it came; an API
error ends with exit code 1.

Examples:

    enisim call AttachNetworkInterface --RegionId cn-hangzhou --InstanceId i-web --NetworkInterfaceId eni-free-1
    enisim call DescribeNetworkInterfaces --RegionId cn-hangzhou --Tag.1.Key team --Tag.1.Value net --Format XML`
}

// Run runs the command.
func (c *callCommand) Run(ctx context.Context, s streams, api apiParameters) error {
	// First build and sign the query.
	query := url.Values{
		"Action":           {c.Action},
		"Version":          {httpapi.VersionOf(c.Action)},
		"Format":           {"JSON"},
		"AccessKeyId":      {c.AccessKeyID},
		"SignatureMethod":  {signature.MethodV1},
		"SignatureVersion": {signature.VersionV1},
		"SignatureNonce":   {uuid.NewString()},
		"Timestamp":        {time.Now().UTC().Format(signature.TimeFormat)},
	}
	for name, value := range api {
		query.Set(name, value)
	}
	warnOfUnknownParameters(s.Err, query.Get("Version"), query.Get("Action"), api)
	query.Set(signature.ParameterV1, signature.V1(c.Method, query, c.AccessKeySecret))

	// Then send it.
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	endpoint := strings.TrimSuffix(c.Endpoint, "/")
	if !strings.Contains(endpoint, "://") {
		endpoint = "http://" + endpoint
	}
	request, err := http.NewRequestWithContext(ctx, c.Method, endpoint+"/?"+query.Encode(), nil)
	if err != nil {
		return fmt.Errorf("--endpoint %s: give it as http://host:port", c.Endpoint)
	}
	response, err := client(c.Insecure).Do(request)
	if err != nil {
		if cause := new(url.Error); errors.As(err, &cause) {
			err = cause.Err // without the URL, which contains the signature
		}
		hint := "is it running? start it with: enisim serve"
		if errors.As(err, new(*tls.CertificateVerificationError)) {
			hint = "--insecure accepts any certificate"
		}
		return fmt.Errorf("no reply from %s: %s (%s)", endpoint, networkCause(err), hint)
	}
	defer response.Body.Close()
	if fault := response.Header.Get(httpapi.HeaderFault); fault != "" {
		fmt.Fprintf(s.Err, "enisim: %s touched this answer: enisim fault show %[1]s\n", fault)
	}
	// Then print the reply, also if it is an error.
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("the reply broke off: %w", err)
	}
	fmt.Fprintf(s.Out, "%s\n", body)
	if response.StatusCode != http.StatusOK {
		return errQuiet
	}
	return nil
}

// networkCause returns the reason of a network error, without the prefixes of the libraries.
func networkCause(err error) string {
	var (
		number  syscall.Errno
		address *net.AddrError
		name    *net.DNSError
	)
	switch {
	case errors.As(err, &number):
		return number.Error()
	case errors.As(err, &address):
		return address.Err
	case errors.As(err, &name):
		return "there is no host " + name.Name
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	return err.Error()
}

// client returns an HTTP client. An insecure one accepts any certificate.
func client(insecure bool) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: insecure}
	return &http.Client{Transport: transport}
}
