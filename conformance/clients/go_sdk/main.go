// github.com/aliyun/alibaba-cloud-sdk-go, with the options it has by itself.

package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
)

func call(asked Request) Answer {
	address, err := url.Parse(asked.Endpoint)
	must(err)
	config := sdk.NewConfig().WithScheme(address.Scheme)
	if asked.CAFile != nil {
		authority, err := os.ReadFile(*asked.CAFile)
		must(err)
		trusted := x509.NewCertPool()
		trusted.AppendCertsFromPEM(authority)
		config.WithHttpTransport(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}})
	}
	key := credentials.NewAccessKeyCredential(asked.AccessKeyID, asked.AccessKeySecret)
	client, err := ecs.NewClientWithOptions(asked.Region, config, key)
	must(err)
	deadline := time.Duration(asked.DeadlineSeconds * float64(time.Second))
	client.SetConnectTimeout(deadline)
	client.SetReadTimeout(deadline)
	wanted := ecs.CreateRedeployInstanceRequest()
	wanted.Domain = address.Host
	wanted.InstanceId = asked.InstanceID
	if asked.ForceStop != nil {
		wanted.ForceStop = requests.NewBoolean(*asked.ForceStop)
	}
	answer, err := client.RedeployInstance(wanted)
	if err == nil {
		return success(answer.TaskId, answer.RequestId)
	}
	var server *sdkerrors.ServerError
	if errors.As(err, &server) {
		return failure(err, server.Message(), server.ErrorCode(), server.HttpStatus(), server.RequestId())
	}
	var known sdkerrors.Error
	if errors.As(err, &known) {
		return failure(err, known.Message(), known.ErrorCode(), nil, nil)
	}
	return failure(err, err.Error(), nil, nil, nil)
}

func main() {
	serve("github.com/aliyun/alibaba-cloud-sdk-go", "v1", call)
}
