// The adapter protocol for Go adapters: one JSON line in, one JSON line out.

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
)

// Request is one line from the suite.
type Request struct {
	ID              int     `json:"id"`
	Endpoint        string  `json:"endpoint"`
	Region          string  `json:"region"`
	AccessKeyID     string  `json:"access_key_id"`
	AccessKeySecret string  `json:"access_key_secret"`
	InstanceID      string  `json:"instance_id"`
	ForceStop       *bool   `json:"force_stop"`
	DeadlineSeconds float64 `json:"deadline_seconds"`
	CAFile          *string `json:"ca_file"`
}

// Answer is one line to the suite, without the id.
type Answer map[string]any

// success holds the ids as the library hands them out.
func success(taskID, requestID any) Answer {
	return Answer{"outcome": "success", "task_id": taskID, "request_id": requestID}
}

// failure is an error, or a timeout where the network says it is one. What the error
// prints goes to standard error too, as a program's log would show it.
func failure(err error, message string, code, status, requestID any) Answer {
	fmt.Fprintln(os.Stderr, err)
	class := fmt.Sprintf("%T", err)
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return Answer{"outcome": "timeout", "message": message, "class": class}
	}
	return Answer{
		"outcome": "error", "code": code, "message": message,
		"http_status": status, "request_id": requestID, "class": class,
	}
}

// serve introduces the library, then answers each request until standard input ends.
func serve(library, signature string, call func(Request) Answer) {
	version := ""
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, module := range build.Deps {
			if module.Path == library {
				version = module.Version
			}
		}
	}
	write(Answer{
		"protocol": 1, "library": library, "version": version, "language": "Go",
		"runtime": runtime.Version(), "signature": signature,
	})
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var request Request
		must(json.Unmarshal(lines.Bytes(), &request))
		answer := call(request)
		answer["id"] = request.ID
		write(answer)
	}
	must(lines.Err())
}

func write(answer Answer) {
	line, err := json.Marshal(answer)
	must(err)
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
