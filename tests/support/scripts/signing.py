"""Keys of signatures, made by openssl, and what cosign's packages say of a signature."""

import subprocess
from pathlib import Path

CURVE = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"]


def private(*command: str) -> str:
    """A private key in PEM, by default of the kind that signs."""
    return subprocess.run(command or CURVE, capture_output=True, text=True, check=True).stdout


def public(pem: str, file: Path) -> Path:
    """Writes the public key of a private one."""
    file.write_text(
        subprocess.run(["openssl", "pkey", "-pubout"], input=pem, capture_output=True, text=True, check=True).stdout
    )
    return file


def complaint(key: Path, image: str) -> str:
    """Of cosign, asked as Flux asks it; "" where it has none."""
    ran = subprocess.run(["cosign-verify", key, image], capture_output=True, text=True, check=False)
    return "" if ran.returncode == 0 else ran.stderr or "no words"
