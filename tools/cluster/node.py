"""One node: containerd with runc, the bridge, kubelet, kube-proxy, CoreDNS."""

import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import yaml

from tools.demo.image import crane

from .component import component
from .kubernetes import Kubernetes, ready
from .namespaces import ADDRESS, BRIDGE
from .waiting import wait_for

# For exec, logs and port-forward the API server connects to the node by its name, and kubelet listens on loopback only.
NODE = "localhost"
SOCKET = Path("/run/containerd.sock")
PLUGINS = "/usr/lib/cni"
BUSYBOX = Path("/bin/busybox")
MIRROR = """\
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."{0}"]
endpoint = ["http://{0}"]
"""


@contextmanager
def run_node(cluster: Kubernetes, registries: Sequence[str], folder: Path, logs: Path) -> Iterator[None]:
    """Run a Ready node that pulls over plain HTTP from `registries` (each `host:port`; the first is local)."""
    folder.mkdir()
    network = folder / "network"
    network.mkdir()
    (network / "bridge.conflist").write_text(json.dumps(_bridge()))
    containerd, kubelet, names = folder / "containerd.toml", folder / "kubelet.yaml", folder / "Corefile"
    containerd.write_text(_containerd(folder, network, registries, _pause(registries[0], folder)))
    kubelet.write_text(yaml.safe_dump(_kubelet()))
    names.write_text(_names(cluster))
    proxy = [f"--kubeconfig={cluster.kubeconfig}", f"--hostname-override={NODE}", "--proxy-mode=iptables"]
    # The machine's limits of connection tracking are not changed.
    proxy += [
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
    ]
    proxy += ["--healthz-bind-address=127.0.0.1:10256", "--metrics-bind-address=127.0.0.1:10249"]
    with ExitStack() as stack:
        stack.enter_context(component(["containerd", "--config", str(containerd)], logs))
        wait_for("containerd", SOCKET.exists)
        agent = ["kubelet", f"--kubeconfig={cluster.kubeconfig}", f"--config={kubelet}", f"--hostname-override={NODE}"]
        stack.enter_context(component(agent, logs))
        stack.enter_context(component(["kube-proxy", *proxy], logs))
        stack.enter_context(component(["coredns", "-conf", str(names)], logs))
        wait_for("the node", lambda: ready(cluster.get(f"/api/v1/nodes/{NODE}")), 120)
        yield


def _pause(registry: str, folder: Path) -> str:
    """Push the pause image, whose program sleeps and so keeps a pod's namespaces. Returns its name with digest."""
    layer = folder / "pause.tar"
    with tarfile.open(layer, "w") as tar:
        program = tarfile.TarInfo("busybox")
        program.mode, program.size = 0o755, BUSYBOX.stat().st_size
        tar.addfile(program, io.BytesIO(BUSYBOX.read_bytes()))
    image = f"{registry}/pause:1"
    crane("append", "--insecure", "--oci-empty-base", "--new_layer", str(layer), "--new_tag", image)
    sleep = ["--entrypoint", "/busybox,sleep", "--cmd", "2147483647"]
    return crane(
        "mutate", "--insecure", image, *sleep, "--user", "65535", "--set-platform", "linux/amd64", "--tag", image
    )


def _bridge() -> dict[str, object]:
    ranges = [
        [{"subnet": f"{ADDRESS.rpartition('.')[0]}.0/24", "rangeStart": "10.244.0.10", "rangeEnd": "10.244.0.250"}]
    ]
    ipam = {"type": "host-local", "ranges": ranges, "routes": [{"dst": "0.0.0.0/0"}]}
    bridge = {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "ipMasq": False, "hairpinMode": True, "ipam": ipam}
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": "waybill", "plugins": [bridge, ports]}


def _containerd(folder: Path, network: Path, registries: Sequence[str], pause: str) -> str:
    mirrors = "".join(MIRROR.format(registry) for registry in registries)
    return f"""\
version = 2
root = "{folder}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
address = "{SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{PLUGINS}"
conf_dir = "{network}"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
{mirrors}"""


def _kubelet() -> dict[str, object]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": "127.0.0.1",
        "port": 10250,
        "readOnlyPort": 0,
        "healthzPort": 0,
        # Only processes inside the namespaces can reach it.
        "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
        "authorization": {"mode": "AlwaysAllow"},
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "clusterDNS": [ADDRESS],
        "clusterDomain": "cluster.local",
        "resolvConf": "",
        "failCgroupV1": False,
        "failSwapOn": False,
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        # The disk belongs to the machine: that it is full is no reason to evict pods.
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "0%", "nodefs.inodesFree": "0%"},
        "imageGCHighThresholdPercent": 100,
    }


def _names(cluster: Kubernetes) -> str:
    return f"""\
.:53 {{
    bind {ADDRESS}
    errors
    kubernetes cluster.local {{
        kubeconfig {cluster.kubeconfig}
    }}
}}
"""
