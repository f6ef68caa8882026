"""etcd, the API server, the controllers and the scheduler."""

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import yaml

from .component import component
from .kubernetes import Kubernetes
from .namespaces import ADDRESS
from .waiting import wait_for

SERVER = f"https://{ADDRESS}:6443"
ETCD = "http://127.0.0.1:2379"


@contextmanager
def serve_control_plane(folder: Path, logs: Path) -> Iterator[Kubernetes]:
    """Yield a cluster without nodes. Its certificates and data are in `folder`."""
    folder.mkdir(parents=True)
    token = secrets.token_hex(16)
    tokens, key, certificates = folder / "tokens.csv", folder / "accounts.key", folder / "certificates"
    tokens.write_text(f'{token},admin,1,"system:masters"\n')
    tokens.chmod(0o600)
    subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    kubeconfig = folder / "kubeconfig"
    authority = certificates / "apiserver.crt"
    kubeconfig.write_text(yaml.safe_dump(_kubeconfig(authority, token)))
    kubeconfig.chmod(0o600)
    etcd = [
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={ETCD}",
        f"--advertise-client-urls={ETCD}",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync",  # its data is not needed after this cluster
    ]
    apiserver = [
        f"--etcd-servers={ETCD}",
        "--secure-port=6443",
        f"--bind-address={ADDRESS}",
        f"--advertise-address={ADDRESS}",
        f"--cert-dir={certificates}",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--allow-privileged=true",
        "--authorization-mode=RBAC",
        f"--token-auth-file={tokens}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
    ]
    controllers = [
        f"--kubeconfig={kubeconfig}",
        f"--service-account-private-key-file={key}",
        f"--root-ca-file={authority}",
        "--leader-elect=false",
        "--secure-port=0",
        "--horizontal-pod-autoscaler-sync-period=2s",  # instead of 15
    ]
    scheduler = [f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0"]
    cluster = Kubernetes(kubeconfig)
    with ExitStack() as stack:
        stack.enter_context(component(["etcd", *etcd], logs))
        stack.enter_context(component(["kube-apiserver", *apiserver], logs))
        wait_for("the API server", lambda: _answers(cluster, authority), 120)
        for name, arguments in (("kube-controller-manager", controllers), ("kube-scheduler", scheduler)):
            stack.enter_context(component([name, *arguments], logs))
        yield cluster


def _answers(cluster: Kubernetes, authority: Path) -> bool:
    """Whether the API server answers and the namespace `default` exists."""
    try:
        return authority.exists() and cluster.get("/api/v1/namespaces/default") is not None
    except httpx.HTTPError:
        return False


def _kubeconfig(authority: Path, token: str) -> dict[str, object]:
    """The API server's certificate is self-signed, so it is also the certificate authority."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "waybill", "cluster": {"server": SERVER, "certificate-authority": str(authority)}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "waybill", "context": {"cluster": "waybill", "user": "admin"}}],
        "current-context": "waybill",
    }
