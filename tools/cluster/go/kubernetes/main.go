// Command kubernetes is one binary that is every Kubernetes component and etcd.
//
// It is dispatched by the name it is called with (a link named kubelet is the
// kubelet) or, failing that, by its first argument. One binary instead of seven
// because they share almost all of their code: it builds and starts faster.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
	_ "time/tzdata"
)

var components = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-proxy":              proxy.NewProxyCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
	"kubectl":                 kubectl.NewDefaultKubectlCommand,
	"kubelet":                 func() *cobra.Command { return kubelet.NewKubeletCommand(context.Background()) },
}

// component splits the command line into the component meant and its arguments.
func component(args []string) (string, []string) {
	name := filepath.Base(args[0])
	if known(name) || len(args) < 2 {
		return name, args
	}
	return args[1], slices.Clone(args[1:])
}

func known(name string) bool {
	_, ok := components[name]
	return ok || name == "etcd"
}

func main() {
	name, args := component(os.Args)
	if !known(name) {
		fmt.Fprintf(os.Stderr, "unknown component %q: want etcd, kube-apiserver, kube-controller-manager, kube-proxy, kube-scheduler, kubectl or kubelet\n", name)
		os.Exit(2)
	}
	if name == "etcd" {
		etcdmain.Main(args)
		return
	}
	os.Args = args
	os.Exit(cli.Run(components[name]()))
}
