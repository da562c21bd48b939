// github.com/alibabacloud-go/ecs-20140526 (Tea), with the options it has by itself.

package main

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	ecs "github.com/alibabacloud-go/ecs-20140526/v7/client"
	"github.com/alibabacloud-go/tea/tea"
)

func call(asked Request) Answer {
	address, err := url.Parse(asked.Endpoint)
	must(err)
	config := &openapi.Config{
		AccessKeyId:     tea.String(asked.AccessKeyID),
		AccessKeySecret: tea.String(asked.AccessKeySecret),
		RegionId:        tea.String(asked.Region),
		Endpoint:        tea.String(address.Host),
		Protocol:        tea.String(address.Scheme),
		ConnectTimeout:  tea.Int(int(asked.DeadlineSeconds * 1000)),
		ReadTimeout:     tea.Int(int(asked.DeadlineSeconds * 1000)),
	}
	if asked.CAFile != nil {
		authority, err := os.ReadFile(*asked.CAFile)
		must(err)
		config.Ca = tea.String(string(authority))
	}
	client, err := ecs.NewClient(config)
	must(err)
	answer, err := client.RedeployInstance(&ecs.RedeployInstanceRequest{
		InstanceId: tea.String(asked.InstanceID), ForceStop: asked.ForceStop,
	})
	if err == nil && answer.Body == nil { // a success with nothing in it
		return success(nil, nil)
	}
	if err == nil {
		return success(answer.Body.TaskId, answer.Body.RequestId)
	}
	var known *tea.SDKError
	if !errors.As(err, &known) {
		return failure(err, err.Error(), nil, nil, nil)
	}
	// The error has no field for the RequestId; its Data is the answer's JSON, or no JSON.
	var carried struct{ RequestId *string }
	if json.Unmarshal([]byte(tea.StringValue(known.Data)), &carried) != nil {
		carried.RequestId = nil
	}
	return failure(err, tea.StringValue(known.Message), known.Code, known.StatusCode, carried.RequestId)
}

func main() {
	serve("github.com/alibabacloud-go/ecs-20140526/v7", "v3", call)
}
