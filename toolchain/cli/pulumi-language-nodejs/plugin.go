package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"

	sdk "github.com/pulumi/pulumi/sdk/v3"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const analyzer = "analyzer"

// RunPlugin runs a folder of TypeScript or JavaScript as a plugin: a policy pack (`--policy-pack`), or a package of
// components. As the official host does, a policy pack runs in its own folder, with what it asks of the stack in its
// environment, and gets its folder as the last argument; other plugins get theirs as the first.
func (h *host) RunPlugin(req *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer) error {
	ctx, folder := server.Context(), req.GetInfo().GetProgramDirectory()
	streams, stdout, stderr, err := rpcutil.MakeRunPluginStreams(server, false)
	if err != nil {
		return err
	}
	defer streams.Close()

	module := "@pulumi/pulumi/cmd/run-plugin"
	if req.GetKind() == analyzer {
		module = "@pulumi/pulumi/cmd/run-policy-pack"
	}
	runner, err := installed(module, folder)
	if err != nil {
		return err
	}
	args := append(nodeArgs(req.GetInfo()), runner)
	if req.GetKind() != analyzer {
		cmd := exec.CommandContext(ctx, "node", append(append(args, folder), req.GetArgs()...)...)
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = req.GetPwd(), req.GetEnv(), stdout, stderr
		return ended(cmd.Run())
	}

	// The pack is started when the engine has said which stack it is for.
	proxy, packStdout, err := sdk.NewPolicyProxy(ctx, stdout)
	if err != nil {
		return err
	}
	stack, err := proxy.AwaitConfiguration(ctx)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "node", append(append(args, req.GetArgs()...), folder)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, packStdout, stderr
	if cmd.Env, err = withStack(req.GetEnv(), stack); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return status.Errorf(codes.Internal, "start node: %v", err)
	}
	return ended(proxy.Attach(ctx, cmd))
}

// withStack adds what @pulumi/pulumi reads of the stack from the environment; nothing outside a stack.
func withStack(env []string, stack *pulumirpc.AnalyzerStackConfigureRequest) ([]string, error) {
	if stack == nil {
		return env, nil
	}
	config, err := json.Marshal(stack.GetConfig())
	if err != nil {
		return nil, err
	}
	return append(env,
		"PULUMI_NODEJS_ORGANIZATION="+stack.GetOrganization(), "PULUMI_NODEJS_PROJECT="+stack.GetProject(),
		"PULUMI_NODEJS_STACK="+stack.GetStack(), "PULUMI_NODEJS_DRY_RUN="+strconv.FormatBool(stack.GetDryRun()),
		"PULUMI_CONFIG="+string(config)), nil
}

func ended(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("the plugin exited: %w", exit)
	}
	return err
}
